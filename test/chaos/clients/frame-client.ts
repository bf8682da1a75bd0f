import { connect, type Socket } from 'node:net';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { WebSocket } from 'ws';
import {
  ClientFrameSchema,
  type Event,
  type Reply,
  type ServerFrame,
  ServerFrameSchema,
} from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { HelloSchema, Welcome } from '../../../gen/parley/signal/v1/session_pb.ts';
import { protoSubprotocol } from '../../../src/shared/limits.ts';
import { type ErrorCode, SignalError } from '../../../src/shared/signal-error.ts';
import { UpgradeRefused } from './upgrade-refused.ts';

type FrameInit = MessageInitShape<typeof ClientFrameSchema>;
type Body = NonNullable<FrameInit['body']>;

export interface FrameClientOptions {
  readonly url: string;
  /** The address of loopback to come from. */
  readonly from?: string;
  /** How long each answer may take, in milliseconds. */
  readonly answerWithinMs?: number;
  readonly onEvent?: (event: Event) => void;
}

interface Waiting {
  resolve(reply: Reply | undefined): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

const defaultAnswerMs = 30_000;
/** The welcome answers no request; it waits under the id that none has. */
const helloId = 0;

/** Parley's frames and nothing around them: what the SDK would mend is seen as it is. */
export class FrameClient {
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  readonly #answerWithinMs: number;
  readonly #onEvent: (event: Event) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #welcomes: Welcome[] = [];
  #nextId: number;

  private constructor(socket: WebSocket, raw: Socket, options: FrameClientOptions, firstId: number) {
    this.#socket = socket;
    this.#raw = raw;
    this.#answerWithinMs = options.answerWithinMs ?? defaultAnswerMs;
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#nextId = firstId;
    socket.on('message', (bytes: Buffer) => this.#receive(fromBinary(ServerFrameSchema, bytes)));
    socket.on('close', (code) => this.#fail(new Error(`the connection closed with ${code}`)));
  }

  /**
   * Opens a connection; nothing is said on it yet. Rejects with `UpgradeRefused`, or as the socket fails. `firstId`: above the
   * ids of the connections before it, where it is to go on with their session.
   */
  static async open(options: FrameClientOptions, firstId = 1): Promise<FrameClient> {
    const { url, from, answerWithinMs = defaultAnswerMs } = options;
    const { hostname: host, port } = new URL(url);
    const raw = connect({
      host,
      port: Number(port),
      noDelay: true,
      ...(from !== undefined && { localAddress: from }),
    });
    const socket = new WebSocket(url, protoSubprotocol, {
      perMessageDeflate: false,
      handshakeTimeout: answerWithinMs,
      createConnection: () => raw,
    });
    await new Promise<void>((resolve, reject) => {
      socket.on('open', resolve);
      // It stays: a connection that breaks later is seen by its close.
      socket.on('error', reject);
      socket.on('unexpected-response', (request, { statusCode = 0, headers }) => {
        reject(new UpgradeRefused(statusCode, headers['retry-after']));
        request.destroy();
      });
    });
    return new FrameClient(socket, raw, options, firstId);
  }

  /** The id that the next request gets. */
  get nextId(): number {
    return this.#nextId;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** The port that it comes from. */
  get localPort(): number {
    return this.#raw.localPort ?? 0;
  }

  /** Signs in. Rejects with the error that the server sent, or as the connection ended. */
  async hello(hello: MessageInitShape<typeof HelloSchema>): Promise<Welcome> {
    const answered = this.#await(helloId);
    this.#send({ body: { case: 'hello', value: hello } });
    await answered;
    const [welcome] = this.#welcomes;
    if (welcome === undefined) throw new Error('the sign-in was answered without a welcome');
    return welcome;
  }

  /** Sends a request. Resolves with its reply, or with nothing where it was acknowledged; rejects with its error. */
  request(body: Body): Promise<Reply | undefined> {
    const id = this.#nextId++;
    const answered = this.#await(id);
    this.#send({ id, body });
    return answered;
  }

  /** Says a message to a peer. Resolves when it stands in the log of the room. */
  async say(roomId: string, to: string, data: Uint8Array): Promise<void> {
    const kind = { case: 'signal', value: { type: 'chaos', data } } as const;
    await this.request({ case: 'relay', value: { roomId, to, body: { kind } } });
  }

  /** Reads nothing from its socket any more, until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection without a word: by a FIN, or by a TCP reset. */
  drop(how: 'end' | 'reset' = 'end'): void {
    if (how === 'reset' && this.isOpen) this.#raw.resetAndDestroy();
    this.#socket.terminate();
  }

  /** Closes the connection as WebSockets are closed. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    await new Promise((resolve) => {
      this.#socket.once('close', resolve);
      this.#socket.close();
    });
  }

  #send(frame: FrameInit): void {
    this.#socket.send(toBinary(ClientFrameSchema, create(ClientFrameSchema, frame)), () => undefined);
  }

  #await(id: number): Promise<Reply | undefined> {
    const answered = new Promise<Reply | undefined>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`no answer within ${this.#answerWithinMs} ms`));
      }, this.#answerWithinMs);
      this.#waiting.set(id, { resolve, reject, timer });
    });
    // Whoever drops the connection need not look at what it still waits for.
    answered.catch(() => undefined);
    return answered;
  }

  #receive({ frame }: ServerFrame): void {
    if (frame.case === 'event') this.#onEvent(frame.value);
    else if (frame.case === 'reply') {
      const { replyTo, ackedThrough, result } = frame.value;
      this.#acknowledge(ackedThrough);
      const waiting = this.#take(replyTo);
      if (result.case === 'error') waiting?.reject(errorOf(result.value));
      else waiting?.resolve(frame.value);
    } else if (frame.case === 'control') {
      const { body } = frame.value;
      if (body.case === 'acknowledged') this.#acknowledge(body.value.ackedThrough);
      else if (body.case === 'error') this.#fail(errorOf(body.value));
      else if (body.case === 'dropped') this.#fail(new Error('requests were dropped by a rate'));
      else if (body.case === 'welcome') {
        this.#welcomes.push(body.value);
        this.#take(helloId)?.resolve(undefined);
      }
    }
  }

  #acknowledge(through: number): void {
    for (const id of this.#waiting.keys()) {
      if (id !== helloId && id <= through) this.#take(id)?.resolve(undefined);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #fail(error: Error): void {
    for (const id of this.#waiting.keys()) this.#take(id)?.reject(error);
  }
}

function errorOf({
  code,
  message,
  retryAfterMs,
}: {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs: number;
}): SignalError {
  return new SignalError(code, message, { retryAfterMs });
}
