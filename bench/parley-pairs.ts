import { randomUUID } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { ServerFrameSchema } from '../gen/parley/signal/v1/frame_pb.ts';
import { type ProductionServer, startProductionServer } from '../test/server-process/production-server.ts';
import { messageBytes } from './message.ts';
import { ParleyClient } from './parley-client.ts';
import { maxPairs, type Pair, type RunningSubject } from './subject.ts';

const metricsToken = 'a-token-of-the-bench';

/** Parley as `npm start` runs it in production, with everything on. It knows a room for each pair. */
export function startParley(env: Readonly<Record<string, string>> = {}): Promise<ProductionServer> {
  const rooms = Array.from({ length: maxPairs }, (_, index) => roomOf(index));
  // A room of a bench has more to say than its log can keep for all of its time.
  return startProductionServer({
    rooms,
    env: { ROOM_RATE_BYTES: '10000000', METRICS_TOKEN: metricsToken, ...env },
  });
}

/** Pairs of clients of Parley, each in a room of its own: the senders at one node, the receivers at the same or another. */
export class ParleyPairs implements Pick<RunningSubject<never>, 'connect' | 'audit'> {
  readonly #senders: ProductionServer;
  readonly #receivers: ProductionServer;
  /** The newest event of each pair's receiver. */
  readonly #newest: Buffer[] = [];

  constructor(senders: ProductionServer, receivers: ProductionServer) {
    this.#senders = senders;
    this.#receivers = receivers;
  }

  async connect(index: number, received: (bytes: Buffer) => void): Promise<Pair> {
    const [sender, receiver] = [
      await signIn(this.#senders, `sender-${index}`),
      await signIn(this.#receivers, `receiver-${index}`),
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
    const counted = await metric(this.#senders, 'messages_total{type="offer"}');
    if (counted !== relayed) throw new Error(`the metrics count ${counted} offers for ${relayed} relays`);
  }
}

async function metric(server: ProductionServer, name: string): Promise<number> {
  const headers = { authorization: `Bearer ${metricsToken}` };
  const response = await fetch(`${server.process.url}/metrics`, { headers });
  const line = (await response.text()).split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}

async function signIn(server: ProductionServer, userId: string): Promise<ParleyClient> {
  return ParleyClient.signIn(server.wsUrl, await server.token(userId));
}

function roomOf(index: number): string {
  return `pair-${index}`;
}
