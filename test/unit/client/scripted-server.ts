import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ErrorCode } from '../../../gen/parley/signal/v1/error_pb.ts';
import {
  type ClientFrame,
  ClientFrameSchema,
  type ControlSchema,
  type EventSchema,
  type ReplySchema,
  ServerFrameSchema,
} from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { WelcomeSchema } from '../../../gen/parley/signal/v1/session_pb.ts';
import { Inflow } from './inflow.ts';

type Body = Exclude<ClientFrame['body'], { case: undefined }>;
type BodyOf<Case extends Body['case']> = Extract<Body, { case: Case }>['value'];

/** A server that does what a test tells it, frame by frame. */
export class ScriptedServer {
  readonly #server: WebSocketServer;
  readonly #connections = new Inflow<ScriptedConnection>('connection');
  readonly #open = new Set<WebSocket>();

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on('connection', (socket, request) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
      this.#connections.put(new ScriptedConnection(socket, request.url ?? ''));
    });
  }

  static async listen(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: '127.0.0.1', port });
    await once(server, 'listening');
    return new ScriptedServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** How many sockets are open. */
  get openSockets(): number {
    return this.#open.size;
  }

  /** The next connection that a client makes. */
  async connection(): Promise<ScriptedConnection> {
    return await this.#connections.next();
  }

  /** The next connection, signed in. */
  async signedIn(welcome: MessageInitShape<typeof WelcomeSchema> = {}): Promise<ScriptedConnection> {
    const connection = await this.connection();
    await connection.expect('hello');
    connection.welcome(welcome);
    return connection;
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.terminate();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}

/** One client's connection. */
export class ScriptedConnection {
  readonly url: string;
  readonly subprotocol: string;
  readonly #socket: WebSocket;
  readonly #frames = new Inflow<ClientFrame>('frame');
  readonly #closed: Promise<number>;

  constructor(socket: WebSocket, url: string) {
    this.#socket = socket;
    this.url = url;
    this.subprotocol = socket.protocol;
    this.#closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    socket.on('message', (data: Buffer) => this.#frames.put(fromBinary(ClientFrameSchema, data)));
  }

  /** The next frame. */
  async next(): Promise<ClientFrame> {
    return await this.#frames.next();
  }

  /** The next frame, which must be of this kind. */
  async expect<Case extends Body['case']>(
    kind: Case,
  ): Promise<{ readonly id: number; readonly value: BodyOf<Case> }> {
    const { id, body } = await this.next();
    if (body.case !== kind) throw new Error(`expected ${kind}, got ${body.case ?? 'nothing'}`);
    return { id, value: body.value as BodyOf<Case> };
  }

  /** Frames that came and nobody took. */
  get untaken(): readonly ClientFrame[] {
    return this.#frames.untaken;
  }

  /** Resolves with the close code when the connection is gone. */
  async closed(): Promise<number> {
    return await this.#closed;
  }

  welcome(welcome: MessageInitShape<typeof WelcomeSchema> = {}): void {
    const value = { sessionId: 'session-1', sessionSecret: 'secret-1', userId: 'ann', ...welcome };
    this.control({ case: 'welcome', value });
  }

  control(body: MessageInitShape<typeof ControlSchema>['body'] & {}): void {
    this.#send({ case: 'control', value: { body } });
  }

  event(event: MessageInitShape<typeof EventSchema>): void {
    this.#send({ case: 'event', value: event });
  }

  /** Several frames at once, as one piece on the wire. */
  events(...events: MessageInitShape<typeof EventSchema>[]): void {
    for (const event of events) this.event(event);
  }

  reply(
    replyTo: number,
    result: MessageInitShape<typeof ReplySchema>['result'] & {},
    ackedThrough = 0,
  ): void {
    this.#send({ case: 'reply', value: { replyTo, result, ackedThrough } });
  }

  refuse(replyTo: number, code: ErrorCode, message = 'refused'): void {
    this.reply(replyTo, { case: 'error', value: { code, message } });
  }

  acknowledge(ackedThrough: number): void {
    this.control({ case: 'acknowledged', value: { ackedThrough } });
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  /** The connection is lost, without a word. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Bytes that are no frame. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  #send(frame: MessageInitShape<typeof ServerFrameSchema>['frame'] & {}): void {
    this.#socket.send(toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame })));
  }
}
