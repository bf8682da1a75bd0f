import { ParleyClient, type Room } from '../../../src/client/index.ts';
import { withDeadline } from '../../../src/client/session/deadline.ts';
import { systemClock } from '../../../src/shared/clock.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Observations } from './observations.ts';
import { watchedWebSocket } from './watched-web-socket.ts';

export interface ChaosClientOptions {
  /** Its user id too. */
  readonly name: string;
  readonly roomId: string;
  readonly url: string;
  readonly token: () => Promise<string>;
  /** The name of the node to which its last connection went. */
  readonly node: () => string;
  readonly ledger: Ledger;
  readonly observations: Observations;
  /** The server told it to move after this long, in milliseconds. */
  readonly onGoAway: (afterMs: number) => void;
  /** A connection that was open is closed, by the client itself or not. */
  readonly onClose: (byClient: boolean) => void;
}

const signalType = 'chaos';
const enterTimeoutMs = 15_000;

/** One client by the SDK, with its defaults, in one room. What its SDK gives out goes to the ledger and the observations. */
export class ChaosClient {
  readonly name: string;
  readonly room: Room;
  readonly #client: ParleyClient;
  /** What it says of itself in the room. */
  #attributes: Readonly<Record<string, string>>;
  #isClosing = false;

  private constructor(client: ParleyClient, room: Room, options: ChaosClientOptions) {
    this.name = options.name;
    this.room = room;
    this.#client = client;
    this.#attributes = attributesOf(options.name);
    this.#listen(options);
  }

  static async enter(options: ChaosClientOptions): Promise<ChaosClient> {
    const { name, roomId, url, token, onClose } = options;
    const WebSocket = watchedWebSocket(onClose);
    const client = new ParleyClient({ url, token, WebSocket, client: 'parley-chaos' });
    await withDeadline(client.connect(), enterTimeoutMs, systemClock, 'the first sign-in');
    const room = await client.join(roomId, { attributes: attributesOf(name) });
    return new ChaosClient(client, room, options);
  }

  get isConnected(): boolean {
    return this.#client.state === 'connected';
  }

  get attributes(): Readonly<Record<string, string>> {
    return this.#attributes;
  }

  /** Says something more of itself. */
  async describe(attributes: Readonly<Record<string, string>>): Promise<void> {
    this.#attributes = { ...this.#attributes, ...attributes };
    await this.room.updateAttributes(attributes);
  }

  /** Sends a payload to one other client of the room. */
  async say(to: ChaosClient, payload: Uint8Array): Promise<void> {
    await this.room.sendSignal(to.room.ownPeerId, { type: signalType, data: payload });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#client.close();
  }

  #listen({ name, node, ledger, observations, onGoAway }: ChaosClientOptions): void {
    const { room } = this;
    const client = this.#client;
    let before = node();
    client.on('resumed', ({ recovered }) => {
      const now = node();
      observations.resumed(name, { recovered, elsewhere: now !== before });
      before = now;
      if (!recovered) ledger.sayGone(name);
    });
    client.on('closed', ({ code }) => {
      if (!this.#isClosing) observations.end(name, `closed with ${code}`);
    });
    client.on('go_away', ({ afterMs }) => onGoAway(afterMs));
    client.on('service_status', ({ available }) => observations.serviceStatus(available));
    room.on('signal', ({ data }) => ledger.arrive(name, data));
    room.on('reset', () => {
      ledger.sayGone(name);
      observations.startAnew(name);
    });
    room.on('peer_left', ({ peer: { peerId }, reason }) => {
      if (!this.#isClosing) observations.peerLeft({ seenBy: name, peerId, reason, atMs: performance.now() });
    });
    room.on('left', ({ reason }) => {
      if (!this.#isClosing) observations.end(name, `out of its room: ${reason}`);
    });
  }
}

function attributesOf(name: string): Readonly<Record<string, string>> {
  return { name };
}
