import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Nodes } from '../nodes/nodes.ts';
import type { GuestOptions } from '../slow-reader/listening-room.ts';

/** What the thread of the calls is given. */
export interface CallsSetup {
  readonly calls: readonly { readonly roomId: string; readonly guests: readonly GuestOptions[] }[];
  /** Each says something this often, in milliseconds. */
  readonly everyMs: number;
}

export type CallsQuestion = 'begin' | 'latencies' | 'end';

export interface CallsAnswer {
  readonly messages: number;
  /** Of the time from the hand of one to that of the other, in milliseconds. */
  readonly p99Ms: number;
  /** What did not arrive, or not as it was sent; at the end. */
  readonly faults: Readonly<Record<string, number>>;
}

const callCount = 12;
const everyMs = 50;
export const callRooms = Array.from({ length: callCount }, (_, call) => `call-${call}`);

/** Calls that go on while others sign in, their two sides on different nodes: in a thread, which has nothing else to do. */
export class Calls {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Resolves when all of them talk. */
  static async begin(nodes: Nodes): Promise<Calls> {
    const { running } = nodes;
    const guest = async (name: string, index: number): Promise<GuestOptions> => {
      const server = running[index % running.length]?.server;
      if (server === undefined) throw new Error('there is no node');
      return { name, url: server.wsUrl, token: await server.token(name) };
    };
    const calls = await Promise.all(
      callRooms.map(async (roomId, call) => ({
        roomId,
        guests: await Promise.all([guest(`${roomId}-left`, call), guest(`${roomId}-right`, call + 1)]),
      })),
    );
    const setup: CallsSetup = { calls, everyMs };
    const begun = new Calls(new Worker(new URL('running-calls.ts', import.meta.url), { workerData: setup }));
    await begun.#ask('begin');
    return begun;
  }

  /** How long messages took since this was asked before. */
  latencies(): Promise<CallsAnswer> {
    return this.#ask('latencies');
  }

  /** They hang up when all has arrived. */
  end(): Promise<CallsAnswer> {
    return this.#ask('end');
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(question: CallsQuestion): Promise<CallsAnswer> {
    const answered = once(this.#worker, 'message') as Promise<[CallsAnswer]>;
    this.#worker.postMessage(question);
    const [answer] = await answered;
    return answer;
  }
}
