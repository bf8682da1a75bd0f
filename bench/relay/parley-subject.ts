import { randomUUID } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { ServerFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { type ProductionServer, startProductionServer } from '../../test/server-process/production-server.ts';
import type { ServerProcess } from '../../test/server-process/server-process.ts';
import { messageBytes } from './message.ts';
import { ParleyClient } from './parley-client.ts';
import type { Pair, RunningSubject, Subject } from './subject.ts';

const maxPairs = 1_000;
const metricsToken = 'a-token-of-the-bench';

/** Parley as `npm start` runs it in production, with everything on. */
export const parley: Subject = {
  name: 'parley',
  async start() {
    // A room of this bench has more to say than its log can keep for all of its time.
    const env = { ROOM_RATE_BYTES: '10000000', METRICS_TOKEN: metricsToken };
    const rooms = Array.from({ length: maxPairs }, (_, index) => roomOf(index));
    return new RunningParley(await startProductionServer({ rooms, env }));
  },
};

class RunningParley implements RunningSubject {
  readonly process: ServerProcess;
  readonly #server: ProductionServer;
  /** The newest event of each pair's receiver. */
  readonly #newest: Buffer[] = [];

  constructor(server: ProductionServer) {
    this.#server = server;
    this.process = { ...server.process, stop: () => server.stop() };
  }

  async connect(index: number, received: (bytes: Buffer) => void): Promise<Pair> {
    const [sender, receiver] = [
      await this.#signIn(`sender-${index}`),
      await this.#signIn(`receiver-${index}`),
    ];
    const to = randomUUID();
    await sender.join(roomOf(index), randomUUID());
    await receiver.join(roomOf(index), to);
    receiver.take((frame) => {
      if (frame.length < messageBytes) return;
      this.#newest[index] = frame;
      received(frame);
    });
    sender.take((frame) => sender.noteAcknowledged(frame));
    return {
      send: (sdp) => sender.relay(roomOf(index), to, sdp),
      get unanswered() {
        return sender.unanswered;
      },
      close() {
        sender.close();
        receiver.close();
      },
    };
  }

  /** Each room's log has one entry for each of two joins and of the relays, and the metrics count each relay once. */
  async audit(relayed: number): Promise<void> {
    let entries = 0;
    for (const frame of this.#newest) {
      const { frame: event } = fromBinary(ServerFrameSchema, frame);
      if (event.case === 'event') entries += event.value.offset - 2;
    }
    if (entries !== relayed) throw new Error(`the logs have ${entries} entries for ${relayed} relays`);
    const counted = await this.#counted('messages_total{type="offer"}');
    if (counted !== relayed) throw new Error(`the metrics count ${counted} offers for ${relayed} relays`);
  }

  async #counted(metric: string): Promise<number> {
    const headers = { authorization: `Bearer ${metricsToken}` };
    const response = await fetch(`${this.#server.process.url}/metrics`, { headers });
    const line = (await response.text()).split('\n').find((candidate) => candidate.startsWith(`${metric} `));
    return Number(line?.slice(metric.length));
  }

  async #signIn(userId: string): Promise<ParleyClient> {
    return ParleyClient.signIn(this.#server.wsUrl, await this.#server.token(userId));
  }
}

function roomOf(index: number): string {
  return `pair-${index}`;
}
