import { create } from '@bufbuild/protobuf';
import {
  type IceServers,
  type StreamPosition,
  StreamPositionSchema,
  type Welcome,
} from '../../gen/parley/signal/v1/session_pb.ts';
import { ErrorCode, SignalError } from '../shared/signal-error.ts';
import { clientClock } from './client-clock.ts';
import type { ClientEvents, ClientState } from './client-events.ts';
import type { ClientOptions } from './client-options.ts';
import { Emitter } from './emitter.ts';
import { type IceServer, iceServersFrom } from './ice-server.ts';
import type { JoinOptions } from './room/join-options.ts';
import { leaveReasonAfter } from './room/leave-reason.ts';
import type { Room } from './room/room.ts';
import { RoomRegistry } from './room/room-registry.ts';
import { receivedError } from './session/received-error.ts';
import { ReconnectPolicy } from './session/reconnect-policy.ts';
import type { RequestFunction } from './session/request.ts';
import { RequestLedger } from './session/request-ledger.ts';
import { Session } from './session/session.ts';
import type { ControlBody, SessionListener, SignIn } from './session/session-listener.ts';
import { TokenSource } from './session/token-source.ts';
import { Inbox } from './stream/inbox.ts';
import { browserWake } from './wake.ts';
import type { WebSocketConstructor } from './web-socket-like.ts';

const defaults = {
  firstDelayMs: 300,
  maxDelayMs: 5_000,
  attempts: Infinity,
  requestTimeoutMs: 15_000,
  connectTimeoutMs: 10_000,
  client: 'parley-js/0.1.0',
};

/**
 * A client of Parley: signs in, comes back by itself after a lost connection, and goes into rooms.
 *
 * What is asked rejects with `SignalError`; programs decide by its `code` and `retryable`.
 */
export class ParleyClient {
  readonly #emitter = new Emitter<ClientEvents>((thrown, event) => {
    // A listener of 'error' that throws has nobody left to tell.
    if (event !== 'error') this.#report(thrown);
  });
  readonly #session: Session;
  readonly #ledger: RequestLedger;
  readonly #rooms: RoomRegistry;
  readonly #inbox: Inbox;
  #userId = '';
  #iceServers: readonly IceServer[] = [];
  #signIn: { readonly kind: SignIn; readonly recovered: boolean } = { kind: 'first', recovered: true };

  /** Throws INVALID_ARGUMENT where there is no WebSocket. Connects only when told to. */
  constructor(options: ClientOptions) {
    const clock = options.clock ?? clientClock;
    const requestTimeoutMs = options.requestTimeoutMs ?? defaults.requestTimeoutMs;
    const { retry = {} } = options;
    const tokens = new TokenSource(options.token, requestTimeoutMs, clock);
    const onError = (thrown: unknown) => this.#report(thrown);
    this.#ledger = new RequestLedger(requestTimeoutMs, clock);
    this.#inbox = new Inbox(this.#request, (event) => this.#emitter.emit('event', event), onError);
    this.#rooms = new RoomRegistry({
      clock,
      request: this.#request,
      hold: (roomId) => this.#ledger.hold(roomId),
      release: (roomId, error) => this.#ledger.release(roomId, error),
      forsake: (roomId) => this.#ledger.forsake(roomId),
      onError,
      iceServers: () => this.#iceServers,
      onIceServers: (listener) => this.#emitter.on('ice_servers', listener),
    });
    this.#session = new Session({
      url: options.url,
      WebSocket: options.WebSocket ?? globalWebSocket(),
      client: options.client ?? defaults.client,
      connectTimeoutMs: options.connectTimeoutMs ?? defaults.connectTimeoutMs,
      clock,
      wake: options.wake ?? browserWake,
      tokens,
      ledger: this.#ledger,
      policy: new ReconnectPolicy({
        firstDelayMs: retry.firstDelayMs ?? defaults.firstDelayMs,
        maxDelayMs: retry.maxDelayMs ?? defaults.maxDelayMs,
        attempts: retry.attempts ?? defaults.attempts,
        tokenRenewable: tokens.renewable,
        clock,
      }),
      listener: this.#listener,
    });
  }

  get state(): ClientState {
    return this.#session.state;
  }

  /** Who the token names; empty before the first sign-in. */
  get userId(): string {
    return this.#userId;
  }

  /** ICE servers for an `RTCPeerConnection`, with credentials for a limited time: see the event `ice_servers`. */
  get iceServers(): readonly IceServer[] {
    return this.#iceServers;
  }

  /**
   * Resolves when signed in. Goes on trying while that may help; rejects when the server refuses in a way that it does not
   * (TOKEN_INVALID, SESSION_REFUSED, SESSION_REPLACED, KICKED, …) and when the attempts run out. Again after `closed`: a new
   * session.
   */
  async connect(): Promise<void> {
    await this.#session.connect();
  }

  /** Signs out, which leaves all rooms at once, and ends. Without a connection, the rooms are left when the window ends. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  /**
   * The network or the application came back: reconnects now, or finds out whether the connection still lives, within 3 s unless it is
   * on a slow network.
   */
  hintReconnect(): void {
    this.#session.hintReconnect();
  }

  /**
   * Goes into a room; an empty id makes a new one. In the room already: the same `Room`. Rejects with ROOM_NOT_FOUND, ROOM_FULL,
   * JOIN_DENIED (with `reason`), PEER_ID_TAKEN, TOO_MANY_ROOMS, DIRECTORY_UNAVAILABLE, NOT_APPLIED, UNAVAILABLE before `connect`.
   */
  async join(roomId: string, options: JoinOptions = {}): Promise<Room> {
    return await this.#rooms.join(roomId, options);
  }

  /** Calls the listener at each event from now on; the returned function ends that. */
  on<Name extends keyof ClientEvents>(
    event: Name,
    listener: (payload: ClientEvents[Name]) => void,
  ): () => void {
    return this.#emitter.on(event, listener);
  }

  readonly #request: RequestFunction = async (body, options) => {
    if (this.state === 'idle' || this.state === 'closed') {
      throw new SignalError(ErrorCode.UNAVAILABLE, 'the client is not connected: call connect()');
    }
    return await this.#ledger.request(body, options);
  };

  readonly #listener: SessionListener = {
    positions: () => this.#positions(),
    onState: (state, reason) => {
      if (state !== 'connected') {
        this.#rooms.disconnected();
        this.#inbox.disconnected();
      }
      this.#emitter.emit('state', reason === undefined ? { state } : { state, reason });
      const { kind, recovered } = this.#signIn;
      if (state === 'connected' && kind !== 'first') this.#emitter.emit('resumed', { recovered });
    },
    onWelcome: (welcome, signIn) => this.#welcomed(welcome, signIn),
    onEvent: (event) => {
      if (event.stream === '') this.#inbox.take(event);
      else this.#rooms.take(event);
    },
    onControl: (body) => this.#control(body),
    onHeartbeat: (delivered) => {
      for (const position of delivered) {
        if (position.stream === '') this.#inbox.delivered(position);
        else this.#rooms.delivered(position.stream, position);
      }
    },
    onError: (error) => this.#report(error),
    onGaveUp: (error) => this.#emitter.emit('gave_up', { error }),
    onClosed: (code, error) => {
      this.#inbox.forget();
      this.#rooms.end(error === undefined ? 'left' : leaveReasonAfter(error, 'connection_lost'), error);
      this.#emitter.emit('closed', error === undefined ? { code } : { code, error });
    },
  };

  #welcomed(welcome: Welcome, kind: SignIn): void {
    this.#userId = welcome.userId;
    this.#iceServers = iceServersFrom(welcome.iceServers);
    if (kind === 'resumed') {
      this.#inbox.resumed(welcome.rooms.find(({ roomId }) => roomId === '')?.outcome);
      this.#signIn = { kind, recovered: this.#rooms.resumed(welcome.rooms) };
    } else {
      this.#inbox.forget();
      this.#rooms.returnToRooms();
      this.#signIn = { kind, recovered: false };
    }
  }

  #control(body: ControlBody): void {
    switch (body.case) {
      case 'welcome':
      case 'iceServers':
        this.#setIceServers(body.case === 'welcome' ? body.value.iceServers : body.value);
        break;
      case 'goAway':
        this.#emitter.emit('go_away', body.value);
        break;
      case 'dropped':
        this.#emitter.emit('warning', { ids: body.value.ids, error: receivedError(body.value.error) });
        break;
      case 'tokenExpiring':
        this.#emitter.emit('token_expiring', { expiresAt: new Date(Number(body.value.expiresAtMs)) });
        break;
      case 'serviceStatus':
        this.#emitter.emit('service_status', body.value);
        break;
      case 'roomSettled':
        this.#rooms.settled(body.value);
        break;
      case 'error':
        this.#emitter.emit('error', receivedError(body.value));
        break;
      case 'acknowledged':
        break;
    }
  }

  #setIceServers(message: IceServers | undefined): void {
    if (message === undefined) return;
    this.#iceServers = iceServersFrom(message);
    const expiresAt = message.expiresAtMs === 0n ? {} : { expiresAt: new Date(Number(message.expiresAtMs)) };
    this.#emitter.emit('ice_servers', { iceServers: this.#iceServers, ...expiresAt });
  }

  #positions(): StreamPosition[] {
    const inbox = this.#inbox.position;
    const streams = this.#rooms.positions();
    if (inbox !== undefined) streams.push({ stream: '', position: inbox });
    return streams.map(({ stream, position }) => create(StreamPositionSchema, { stream, ...position }));
  }

  /** What has no caller to reject to. */
  #report(thrown: unknown): void {
    const error =
      thrown instanceof SignalError
        ? thrown
        : new SignalError(ErrorCode.INTERNAL, 'a listener threw', { cause: thrown });
    this.#emitter.emit('error', error);
  }
}

function globalWebSocket(): WebSocketConstructor {
  const { WebSocket } = globalThis as { readonly WebSocket?: WebSocketConstructor };
  if (WebSocket !== undefined) return WebSocket;
  throw new SignalError(ErrorCode.INVALID_ARGUMENT, 'there is no global WebSocket: pass one');
}
