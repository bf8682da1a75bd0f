import {
  create,
  fromBinary,
  fromJsonString,
  type MessageInitShape,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf';
import { WebSocket } from 'ws';
import {
  ClientFrameSchema,
  type Control,
  type Event,
  type Reply,
  type ServerFrame,
  ServerFrameSchema,
} from '../../gen/parley/signal/v1/frame_pb.ts';
import type { RoomJoined } from '../../gen/parley/signal/v1/room_pb.ts';
import type { Welcome } from '../../gen/parley/signal/v1/session_pb.ts';

type FrameInit = MessageInitShape<typeof ClientFrameSchema>;
type Body = NonNullable<FrameInit['body']>;
export type EventOf<Case extends Event['body']['case']> = Event & {
  body: Extract<Event['body'], { case: Case }>;
};

export interface RawClientOptions {
  readonly token?: string;
  readonly hello?: MessageInitShape<typeof ClientFrameSchema>['body'] | 'none';
  readonly subprotocol?: string;
  readonly headers?: Record<string, string>;
  readonly origin?: string;
  /** The certificate to trust, in PEM, for `wss:`. */
  readonly ca?: string;
  /** The address to come from. */
  readonly from?: string;
}

const waitMs = 10_000;

/** A client that knows nothing but the schema: what a client in another language would send and see. */
export class RawClient {
  readonly frames: ServerFrame[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  readonly #json: boolean;
  readonly #waiting = new Set<() => void>();
  #nextId = 1;
  #welcome: Welcome | undefined;

  private constructor(socket: WebSocket, json: boolean) {
    this.#socket = socket;
    this.#json = json;
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary === json) throw new Error('the frame is not in the form of the subprotocol');
      this.frames.push(
        json ? fromJsonString(ServerFrameSchema, data.toString()) : fromBinary(ServerFrameSchema, data),
      );
      for (const look of [...this.#waiting]) look();
    });
    socket.once('close', () => {
      for (const look of [...this.#waiting]) look();
    });
  }

  /** Opens a connection and says Hello, without waiting for what comes of it. */
  static async open(url: string, options: RawClientOptions = {}): Promise<RawClient> {
    const subprotocol = options.subprotocol ?? 'parley.v1.proto';
    const socket = new WebSocket(url, subprotocol, {
      ...(options.headers && { headers: options.headers }),
      ...(options.origin !== undefined && { origin: options.origin }),
      ...(options.ca !== undefined && { ca: options.ca }),
      ...(options.from !== undefined && { localAddress: options.from }),
    });
    const client = new RawClient(socket, subprotocol === 'parley.v1.json');
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    if (options.hello !== 'none') {
      client.send({ body: options.hello ?? { case: 'hello', value: { token: options.token ?? '' } } });
    }
    return client;
  }

  /** Opens a connection and signs in. */
  static async signIn(url: string, token: string, options: RawClientOptions = {}): Promise<RawClient> {
    const client = await RawClient.open(url, { ...options, token });
    await client.welcomed();
    return client;
  }

  get welcome(): Welcome {
    if (this.#welcome === undefined) throw new Error('not welcomed');
    return this.#welcome;
  }

  async welcomed(): Promise<Welcome> {
    const control = await this.control('welcome');
    this.#welcome = control.body.value;
    return this.#welcome;
  }

  send(frame: FrameInit): void {
    const message = create(ClientFrameSchema, frame);
    this.sendRaw(
      this.#json ? toJsonString(ClientFrameSchema, message) : toBinary(ClientFrameSchema, message),
    );
  }

  sendRaw(data: Uint8Array | string): void {
    this.#socket.send(data);
  }

  /** Stops reading from the socket: what comes waits with the other side. */
  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  /** Sends a request under the next id and waits for its own reply, or for the acknowledgement that covers it. */
  async request(body: Body): Promise<Reply> {
    const id = this.#nextId++;
    this.send({ id, body });
    return this.reply(id);
  }

  /** The next id that `request` would take. */
  takeId(): number {
    return this.#nextId++;
  }

  async reply(id: number): Promise<Reply> {
    const acknowledged = create(ServerFrameSchema, { frame: { case: 'reply', value: { replyTo: id } } });
    return this.#find((frames) => {
      for (const { frame } of frames) {
        if (frame.case === 'reply' && frame.value.replyTo === id) return frame.value;
        if (frame.case === 'reply' && frame.value.ackedThrough >= id)
          return acknowledged.frame.value as Reply;
        if (frame.case !== 'control' || frame.value.body.case !== 'acknowledged') continue;
        if (frame.value.body.value.ackedThrough >= id) return acknowledged.frame.value as Reply;
      }
      return undefined;
    }, `a reply to ${id}`);
  }

  async join(roomId: string, peerId: string): Promise<RoomJoined> {
    const reply = await this.request({ case: 'joinRoom', value: { roomId, peerId } });
    if (reply.result.case !== 'roomJoined') throw new Error(`no join: ${JSON.stringify(reply.result.value)}`);
    return reply.result.value;
  }

  async control<Case extends Control['body']['case']>(kind: Case) {
    return this.#find((frames) => {
      for (const { frame } of frames) {
        if (frame.case === 'control' && frame.value.body.case === kind) {
          return frame.value as Control & { body: Extract<Control['body'], { case: Case }> };
        }
      }
      return undefined;
    }, `a control frame ${kind}`);
  }

  /** The events of a kind that came so far. */
  events<Case extends Event['body']['case']>(kind: Case): EventOf<Case>[] {
    return this.frames.flatMap(({ frame }) =>
      frame.case === 'event' && frame.value.body.case === kind ? [frame.value as EventOf<Case>] : [],
    );
  }

  async event<Case extends Event['body']['case']>(kind: Case, nth = 0): Promise<EventOf<Case>> {
    return this.#find(() => this.events(kind)[nth], `event ${kind} number ${nth}`);
  }

  /** Waits until the server has answered everything sent so far, so that what has not come will not come. */
  async settle(): Promise<void> {
    await this.request({ case: 'heartbeat', value: {} });
  }

  /** Cuts the connection; with a code, closes it in due form. */
  close(code?: number): void {
    if (code === undefined) this.#socket.terminate();
    else this.#socket.close(code);
  }

  async #find<Found>(
    look: (frames: readonly ServerFrame[]) => Found | undefined,
    what: string,
  ): Promise<Found> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(tryIt);
        settle();
      };
      const tryIt = () => {
        const found = look(this.frames);
        if (found !== undefined) finish(() => resolve(found));
        else if (this.#socket.readyState === WebSocket.CLOSED) {
          finish(() => reject(new Error(`the connection closed before ${what} came`)));
        }
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`${what} did not come in ${waitMs} ms`))),
        waitMs,
      );
      this.#waiting.add(tryIt);
      tryIt();
    });
  }
}
