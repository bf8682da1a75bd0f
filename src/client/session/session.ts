import type { Control, ServerFrame } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { GoAway, Welcome } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { ClientState } from '../client-events.ts';
import type { WakeSource } from '../wake.ts';
import type { WebSocketConstructor } from '../web-socket-like.ts';
import { Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import { Heartbeat } from './heartbeat.ts';
import { closeError, receivedError } from './received-error.ts';
import type { ReconnectPolicy } from './reconnect-policy.ts';
import { expectResult } from './request.ts';
import type { RequestLedger } from './request-ledger.ts';
import type { SessionListener, SignIn } from './session-listener.ts';
import type { TokenSource } from './token-source.ts';

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
/** How long the server may take over a sign-out before the client goes anyway. */
const signOutTimeoutMs = 2_000;
/** An attempt younger than this is not started anew by a hint. */
const freshAttemptMs = 1_000;

/** Keeps one user signed in: connects, comes back after a loss, moves when asked to, and signs out. */
export class Session {
  readonly #options: SessionOptions;
  #state: ClientState = 'idle';
  #identity: { readonly sessionId: string; readonly sessionSecret: string } | undefined;
  #connection: Connection | undefined;
  #heartbeat: Heartbeat | undefined;
  /** Counts attempts, so that one that was overtaken while it waited for its token ends. */
  #attempt = 0;
  /** The next attempt, or the move that a go-away asked for. */
  #cancelTimer = () => {};
  #stopWake = () => {};
  /** What the server said last, if that was what went wrong. */
  #lastError: SignalError | undefined;
  #closing = false;
  #waiters: { resolve(): void; reject(error: SignalError): void }[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Resolves when signed in; rejects when the session is over before that. */
  async connect(): Promise<void> {
    if (this.#state === 'connected') return;
    const connected = new Promise<void>((resolve, reject) => void this.#waiters.push({ resolve, reject }));
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
    if (this.#state === 'connected') await this.#signOut();
    this.#end(CloseCode.SIGNED_OUT, undefined);
  }

  /** Tries at once, or finds out at once whether the connection still lives. */
  hintReconnect(): void {
    if (this.#state === 'connected') this.#heartbeat?.probe();
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
    const { url, WebSocket, client, connectTimeoutMs, clock, listener } = this.#options;
    const resume = this.#identity && { ...this.#identity, positions: listener.positions() };
    this.#lastError = undefined;
    try {
      this.#connection = new Connection({
        url,
        WebSocket,
        hello: { token, client, ...(resume && { resume }) },
        connectTimeoutMs,
        clock,
        onFrame: (frame) => this.#receive(frame),
        onLost: (code, reason) => this.#retry(code, this.#lastError ?? closeError(code, reason)),
      });
    } catch (thrown) {
      const error = new SignalError(ErrorCode.INVALID_ARGUMENT, 'no WebSocket can be made for the url', {
        cause: thrown,
      });
      this.#end(CloseCode.PROTOCOL_VIOLATION, error);
    }
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
        this.#scheduleMove(body.value);
        break;
      case 'acknowledged':
        ledger.acknowledge(body.value.ackedThrough);
        break;
      case 'dropped':
        ledger.drop(body.value.ids, receivedError(body.value.error));
        break;
      case 'tokenExpiring':
        void this.#refreshToken();
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
    const { listener, ledger, policy, tokens, clock } = this.#options;
    const { sessionId, sessionSecret, limits, liveness } = welcome;
    const signIn = this.#signIn(welcome);
    this.#identity = { sessionId, sessionSecret };
    connection.welcomed();
    policy.welcomed();
    tokens.expiresAtMs = Number(welcome.tokenExpiresAtMs);
    listener.onWelcome(welcome, signIn);
    const { maxFrameBytes = 0, maxUnanswered = 0 } = limits ?? {};
    const wire = { maxFrameBytes, maxUnanswered, send: connection.send.bind(connection) };
    if (signIn === 'resumed') ledger.resume(wire);
    else ledger.begin(wire);
    this.#heartbeat = new Heartbeat({
      liveness,
      clock,
      beat: () => void this.#beat(),
      silentMs: () => connection.silentMs,
      onSilent: () => connection.drop('nothing was heard from the server'),
    });
    this.#setState('connected');
    for (const waiter of this.#takeWaiters()) waiter.resolve();
  }

  #signIn({ resumed, sessionId }: Welcome): SignIn {
    if (this.#identity === undefined) return 'first';
    return resumed && sessionId === this.#identity.sessionId ? 'resumed' : 'new';
  }

  async #beat(): Promise<void> {
    const { ledger, listener } = this.#options;
    try {
      const result = await ledger.request(
        { case: 'heartbeat', value: {} },
        { outlives: 'connection', urgent: true },
      );
      listener.onHeartbeat(expectResult(result, 'heartbeat').delivered);
    } catch (thrown) {
      // A lost connection is told elsewhere, and the next heartbeat may do better.
      if (this.#state === 'connected') listener.onError(SignalError.from(thrown));
    }
  }

  async #refreshToken(): Promise<void> {
    const { tokens, ledger, listener } = this.#options;
    if (!tokens.renewable) return;
    try {
      const token = await tokens.renew();
      const result = await ledger.request(
        { case: 'refreshToken', value: { token } },
        { outlives: 'connection', urgent: true },
      );
      tokens.expiresAtMs = Number(expectResult(result, 'tokenRefreshed').tokenExpiresAtMs);
    } catch (thrown) {
      listener.onError(SignalError.from(thrown));
    }
  }

  #scheduleMove({ afterMs, untilMs }: GoAway): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.after(Math.min(afterMs, untilMs), () => {
      this.#tearDown(CloseCode.GOING_AWAY, 'moving elsewhere');
      this.#try();
      this.#setState('reconnecting', 'the server goes away');
    });
  }

  async #signOut(): Promise<void> {
    const { ledger, clock } = this.#options;
    try {
      const signedOut = ledger.request({ case: 'signOut', value: {} }, { outlives: 'connection' });
      await withDeadline(signedOut, signOutTimeoutMs, clock, 'the sign-out');
    } catch {
      // The session then ends with its reconnection window.
    }
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
    this.#setState(this.#identity === undefined ? 'connecting' : 'reconnecting', error.message);
  }

  #tearDown(code: number, reason: string): void {
    this.#attempt += 1;
    this.#cancelTimer();
    this.#heartbeat?.stop();
    this.#connection?.close(code, reason);
    this.#heartbeat = undefined;
    this.#connection = undefined;
    this.#options.ledger.disconnected();
  }

  #end(code: number, error: SignalError | undefined): void {
    if (this.#state === 'closed') return;
    const rejection = error ?? new SignalError(ErrorCode.UNAVAILABLE, 'the client was closed');
    this.#tearDown(normalClosure, 'closed');
    this.#stopWake();
    this.#identity = undefined;
    this.#options.ledger.end(rejection);
    for (const waiter of this.#takeWaiters()) waiter.reject(rejection);
    this.#setState('closed', error?.message);
    this.#options.listener.onClosed(code, error);
  }

  #takeWaiters() {
    const waiters = this.#waiters;
    this.#waiters = [];
    return waiters;
  }

  #setState(state: ClientState, reason?: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.listener.onState(state, reason);
  }
}
