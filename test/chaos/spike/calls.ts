import type { Nodes } from '../nodes/nodes.ts';
import type { GuestOptions } from '../slow-reader/listening-room.ts';
import { AskedProcess } from './asked-process.ts';

/** What the process of the calls is given. */
export interface CallsSetup {
  readonly calls: readonly { readonly roomId: string; readonly guests: readonly GuestOptions[] }[];
  /** Each says something this often, in milliseconds. */
  readonly everyMs: number;
}

export interface CallsAnswer {
  readonly messages: number;
  /** Of the time from when it was to be said to when the other had it, in milliseconds. */
  readonly p99Ms: number;
  /** How late the process of the calls itself was, at the p99, in milliseconds. */
  readonly lateP99Ms: number;
  /** What did not arrive, or not as it was sent; at the end. */
  readonly faults: Readonly<Record<string, number>>;
}

export interface CallsAnswers {
  readonly begin: CallsAnswer;
  readonly latencies: CallsAnswer;
  readonly end: CallsAnswer;
}

const callCount = 12;
const everyMs = 50;
export const callRooms = Array.from({ length: callCount }, (_, call) => `call-${call}`);

/** Calls that go on while others sign in, their two sides on different nodes: in a process, which has nothing else to do. */
export class Calls {
  readonly #process = new AskedProcess<CallsAnswers>('running-calls.ts');

  /** Resolves when all of them talk. */
  async begin(nodes: Nodes): Promise<void> {
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
    await this.#process.ask('begin', { calls, everyMs } satisfies CallsSetup);
  }

  /** How long messages took since this was asked before. */
  latencies(): Promise<CallsAnswer> {
    return this.#process.ask('latencies');
  }

  /** They hang up when all has arrived. */
  end(): Promise<CallsAnswer> {
    return this.#process.ask('end');
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
