import type { Control, ServerFrame } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { Welcome } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { ClientState } from '../client-events.ts';
import type { WakeSource } from '../wake.ts';
import type { WebSocketConstructor } from '../web-socket-like.ts';
import { ConnectWaiters } from './connect-waiters.ts';
import { Connection } from './connection.ts';
import { Move } from './move.ts';
import { lossError, receivedError } from './received-error.ts';
import type { ReconnectPolicy } from './reconnect-policy.ts';
import type { RequestLedger } from './request-ledger.ts';
import { SessionIdentity } from './session-identity.ts';
import type { SessionListener } from './session-listener.ts';
import type { TokenSource } from './token-source.ts';
import { Upkeep } from './upkeep.ts';

export interface SessionOptions {
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
  /** The client's name and version. */
  readonly client: string;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly wake: WakeSource;
  readonly tokens: TokenSource;
  readonly ledger: RequestLedger;
  readonly policy: ReconnectPolicy;
  readonly listener: SessionListener;
}

/** RFC 6455, section 7.4.1. */
const normalClosure = 1000;
/** An attempt younger than this is not started anew by a hint, in milliseconds. */
const freshAttemptMs = 1_000;

/** Keeps one user signed in: connects, comes back after a loss, moves when asked to, and signs out. */
export class Session {
  readonly #options: SessionOptions;
  readonly #identity = new SessionIdentity();
  readonly #upkeep: Upkeep;
  readonly #move: Move;
  readonly #waiters = new ConnectWaiters();
  #state: ClientState = 'idle';
  #connection: Connection | undefined;
  /** Counts attempts, so that one that was overtaken while it waited for its token ends. */
  #attempt = 0;
  /** The next attempt. */
  #cancelTimer = () => {};
  #stopWake = () => {};
  /** What the server said last, if that was what went wrong. */
  #lastError: SignalError | undefined;
  #closing = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#upkeep = new Upkeep(options);
    this.#move = new Move({
      ...options,
      dial: (token) => this.#dial(token),
      delayMs: (failures) => options.policy.moveDelayMs(failures),
      onError: (error) => options.listener.onError(error),
    });
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Resolves when signed in; rejects when the session is over before that. */
  async connect(): Promise<void> {
    if (this.#state === 'connected') return;
    const connected = this.#waiters.wait();
    if (this.#state === 'idle' || this.#state === 'closed') {
      this.#closing = false;
      this.#stopWake = this.#options.wake(() => this.hintReconnect());
      this.#try();
      this.#setState('connecting');
    }
    await connected;
  }

  /** Signs out if there is a connection, and ends. */
  async close(): Promise<void> {
    if (this.#state === 'idle' || this.#state === 'closed') return;
    this.#closing = true;
    // It would take the connection away over which the sign-out is answered.
    this.#move.stop();
    if (this.#state === 'connected') await this.#upkeep.signOut();
    this.#end(CloseCode.SIGNED_OUT, undefined);
  }

  /** Tries at once, or finds out at once whether the connection still lives. */
  hintReconnect(): void {
    if (this.#state === 'connected') this.#upkeep.probe();
    else if (this.#state === 'reconnecting' || this.#state === 'connecting') {
      if (this.#connection !== undefined && this.#connection.silentMs < freshAttemptMs) return;
      this.#tearDown(CloseCode.CONNECTION_STALE, 'trying anew');
      this.#try();
    }
  }

  #try(): void {
    const attempt = ++this.#attempt;
    this.#options.tokens.get().then(
      (token) => {
        if (attempt === this.#attempt) this.#open(token);
      },
      (thrown: unknown) => {
        if (attempt !== this.#attempt) return;
        const error = SignalError.from(thrown);
        this.#options.listener.onError(error);
        this.#retry(CloseCode.UNAVAILABLE, error);
      },
    );
  }

  #open(token: string): void {
    this.#lastError = undefined;
    try {
      this.#connection = this.#dial(token);
    } catch (thrown) {
      const error = new SignalError(ErrorCode.INVALID_ARGUMENT, 'no WebSocket can be made for the url', {
        cause: thrown,
      });
      this.#end(CloseCode.PROTOCOL_VIOLATION, error);
    }
  }

  /** Opens a connection: the session's, or one beside it that takes its place when it is open. */
  #dial(token: string): Connection {
    const { url, WebSocket, client, connectTimeoutMs, clock, listener } = this.#options;
    const connection = new Connection({
      url,
      WebSocket,
      hello: () => {
        if (connection !== this.#connection) this.#moveTo(connection);
        const resume = this.#identity.nextResume(listener.positions());
        return { token, client, ...(resume && { resume }) };
      },
      connectTimeoutMs,
      clock,
      onFrame: (frame) => this.#receive(frame),
      onLost: (code, reason) => {
        if (connection === this.#connection) this.#retry(code, lossError(code, reason, this.#lastError));
        else this.#move.failed();
      },
    });
    return connection;
  }

  #receive({ frame }: ServerFrame): void {
    this.#lastError = undefined;
    if (frame.case === 'reply') this.#options.ledger.settle(frame.value);
    else if (frame.case === 'event') this.#options.listener.onEvent(frame.value);
    else if (frame.case === 'control') this.#control(frame.value);
  }

  #control({ body }: Control): void {
    const { ledger, listener } = this.#options;
    switch (body.case) {
      case undefined:
        return;
      case 'welcome':
        this.#welcome(body.value);
        break;
      case 'goAway':
        if (!this.#closing) this.#move.start(Math.min(body.value.afterMs, body.value.untilMs));
        break;
      case 'acknowledged':
        ledger.acknowledge(body.value.ackedThrough);
        break;
      case 'dropped':
        ledger.drop(body.value.ids, receivedError(body.value.error));
        break;
      case 'tokenExpiring':
        this.#upkeep.refreshToken();
        break;
      case 'error':
        this.#lastError = receivedError(body.value);
        break;
      case 'iceServers':
      case 'serviceStatus':
      case 'roomSettled':
        break;
    }
    listener.onControl(body);
  }

  #welcome(welcome: Welcome): void {
    const connection = this.#connection;
    if (connection === undefined || this.#state === 'connected') return;
    const { listener, ledger, policy, tokens } = this.#options;
    const signIn = this.#identity.welcomed(welcome);
    connection.welcomed();
    policy.welcomed(welcome.reconnectionWindowMs);
    tokens.expiresAtMs = Number(welcome.tokenExpiresAtMs);
    listener.onWelcome(welcome, signIn);
    const { maxFrameBytes = 0, maxUnanswered = 0 } = welcome.limits ?? {};
    const send = (frame: Uint8Array<ArrayBuffer>) => {
      connection.send(frame);
      this.#upkeep.asked();
    };
    const wire = { maxFrameBytes, maxUnanswered, send };
    if (signIn === 'resumed') ledger.resume(wire);
    else ledger.begin(wire);
    this.#upkeep.start(connection, welcome.liveness);
    this.#setState('connected');
    this.#waiters.signedIn();
  }

  /**
   * The old connection ends before the new one says Hello. So nothing comes on the old one that the positions in the Hello do not
   * know of, and no request is refused there because the session is elsewhere by then; what it costs is one round trip, after
   * which the unanswered are sent again. That the other server is there was seen before: its connection is open.
   */
  #moveTo(connection: Connection): void {
    this.#move.done();
    this.#tearDown(CloseCode.GOING_AWAY, 'moving elsewhere');
    this.#lastError = undefined;
    this.#connection = connection;
    this.#setState('reconnecting', 'the server goes away');
  }

  /** A connection or an attempt has failed. */
  #retry(code: number, error: SignalError): void {
    this.#tearDown(CloseCode.CONNECTION_STALE, 'lost');
    const { policy, tokens, clock, listener } = this.#options;
    if (this.#closing) {
      this.#end(CloseCode.SIGNED_OUT, undefined);
      return;
    }
    const next = policy.after(code, error);
    if (next.kind === 'give-up') listener.onGaveUp(error);
    if (next.kind !== 'retry') {
      this.#end(code, error);
      return;
    }
    if (next.newToken) tokens.discard();
    this.#cancelTimer = clock.after(next.delayMs, () => this.#try());
    this.#setState(this.#identity.isKnown ? 'reconnecting' : 'connecting', error.message);
  }

  #tearDown(code: number, reason: string): void {
    this.#attempt += 1;
    this.#cancelTimer();
    this.#move.stop();
    this.#upkeep.stop();
    this.#connection?.close(code, reason);
    this.#connection = undefined;
    this.#options.ledger.disconnected();
  }

  #end(code: number, error: SignalError | undefined): void {
    if (this.#state === 'closed') return;
    const rejection = error ?? new SignalError(ErrorCode.UNAVAILABLE, 'the client was closed');
    this.#tearDown(normalClosure, 'closed');
    this.#stopWake();
    this.#identity.forget();
    this.#options.ledger.end(rejection);
    this.#waiters.over(rejection);
    this.#setState('closed', error?.message);
    this.#options.listener.onClosed(code, error);
  }

  #setState(state: ClientState, reason?: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.listener.onState(state, reason);
  }
}
