import { create } from '@bufbuild/protobuf';
import {
  type IceServers,
  type Limits,
  type Liveness,
  WelcomeSchema,
} from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import { controlFrame } from '../frame/server-frame.ts';
import type { Log } from '../port/log.ts';
import type { Metrics } from '../port/metrics.ts';
import type { EndReason, SessionRecord, SessionStore } from '../port/session-store.ts';
import type { StoreStatus } from '../port/store-status.ts';
import type { Identity } from '../port/token-verifier.ts';
import { Acknowledger } from './acknowledger.ts';
import { Drain } from './drain.ts';
import type { MovePace } from './move-plan.ts';
import type { OutboundLimits } from './outbound.ts';
import { OwnSessions } from './own-sessions.ts';
import { PersistentCalls } from './persistent-calls.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RoomLosses, RoomsOnSignIn, SessionEnder } from './returning.ts';
import { Session } from './session.ts';
import { SessionDesk, type SignedIn, type SignIn } from './session-desk.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { TokenWatch } from './token-watch.ts';
import { Unfinished } from './unfinished.ts';

export interface SessionsOptions {
  readonly store: SessionStore;
  readonly status: StoreStatus;
  readonly rooms: RoomsOnSignIn & RoomLosses;
  readonly keeper: SessionKeeper;
  readonly ender: SessionEnder;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly node: string;
  readonly serverVersion: string;
  readonly features: readonly string[];
  readonly limits: Limits;
  readonly liveness: Liveness;
  readonly iceServers: IceServers;
  readonly outboundLimits: OutboundLimits;
  readonly rateLimits: RateLimits;
  /** How long an acknowledgement may wait for others to go with it, in milliseconds. */
  readonly acknowledgeWithinMs: number;
  readonly maxBrokenFrames: number;
  readonly reconnectionWindowMs: number;
  readonly maxReconnectionWindowMs: number;
  /** How long before its token expires a client is told of it, in milliseconds. */
  readonly tokenWarningMs: number;
}

/** The sessions that have their connection on this node: how they begin, come back and lose it. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #desk: SessionDesk;
  readonly #tokens: TokenWatch;
  readonly #acknowledger: Acknowledger;
  readonly #calls: PersistentCalls;
  readonly #own: OwnSessions;
  #watching: { close(): void } | undefined;
  /** What changes the sessions in the store: sign-ins, detaches and ends. */
  readonly #unfinished = new Unfinished();
  #drain: Drain | undefined;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#desk = new SessionDesk({
      ...options,
      windowMs: (identity) => this.#windowMs(identity),
      makeSession: (request, record, secretHash) => this.#session(request, record, secretHash),
    });
    this.#acknowledger = new Acknowledger(options.clock, options.acknowledgeWithinMs);
    this.#calls = new PersistentCalls(options.clock);
    this.#own = new OwnSessions({
      ...options,
      calls: this.#calls,
      onGone: (session) => {
        this.#tokens.forget(session);
        this.#drain?.gone(session);
      },
    });
    this.#tokens = new TokenWatch({
      clock: options.clock,
      warningMs: options.tokenWarningMs,
      onExpired: (session) => this.#expire(session),
    });
  }

  /** Begins to hear of sessions that are taken or ended elsewhere, and of the store going away: from when it can first be reached. */
  start(): void {
    this.#watching = this.#options.status.watch((isAvailable) => this.#storeChanged(isAvailable));
    this.#own.start();
  }

  stop(): void {
    this.#calls.stop();
    this.#tokens.stop();
    this.#acknowledger.stop();
    this.#own.stop();
    this.#watching?.close();
  }

  /** The store may have lost something: looks whether it still has all sessions, and their rooms, and puts back what is gone. */
  lookForLosses(): void {
    this.#own.lookForLosses();
  }

  /**
   * Others may have taken sessions of this node, or ended them, without its hearing of it: looks whose they are, and closes the connections
   * of those that are its own no more.
   */
  lookForTaken(): void {
    this.#own.lookForTaken();
  }

  /**
   * Has all clients move to other nodes, and closes those that have not by their time, with GOING_AWAY. Resolves when none is left,
   * at the latest after the pace's time. For when no one signs in here any more. Once.
   */
  async drain(pace: MovePace): Promise<void> {
    const { clock, log } = this.#options;
    const close = (session: Session) => this.#close(session, CloseCode.GOING_AWAY, 'the node is stopping');
    this.#drain = new Drain({ clock, log, pace, close });
    await this.#drain.run(this.#own.all);
  }

  /**
   * Resolves when the store has heard what became of every session here, at the latest after `deadlineMs`: for what it has not
   * heard the node is as one that died.
   */
  async settled(deadlineMs: number): Promise<void> {
    const { clock, log } = this.#options;
    await this.#unfinished.ended(clock, deadlineMs);
    if (this.#unfinished.size > 0) log.warn('sessions.unsettled', { count: this.#unfinished.size });
  }

  /** How many memberships have their connection here. */
  get memberships(): number {
    let count = 0;
    for (const { rooms } of this.#own.all) count += rooms.size;
    return count;
  }

  /** How many users have a connection here. */
  get users(): number {
    return new Set(this.#own.all.map(({ userId }) => userId)).size;
  }

  /** Opens or resumes the session and welcomes the client. Rejects as `SessionDesk.signIn` does. */
  signIn(request: SignIn): Promise<Session> {
    return this.#unfinished.add(this.#signIn(request));
  }

  /**
   * Lets a live session go on with what a newer token says, from the request that brought it. A later request that was faster
   * stays in force. Rejects with STALE_SESSION where the session has ended or is attached elsewhere, or with UNAVAILABLE.
   */
  async renew(session: Session, identity: Identity, requestId: number): Promise<void> {
    // The store knows of an end before its notice has come here.
    const { store, keeper } = this.#options;
    const records = await store.sessions(session.userId);
    const isOwn = records.some(
      ({ sessionId, gen }) => sessionId === session.sessionId && gen === session.gen,
    );
    if (!(isOwn || (await keeper.keep(session))) || !session.connected) {
      throw new SignalError(ErrorCode.STALE_SESSION, 'the session has ended, or is attached elsewhere');
    }
    if (session.renewIdentity(identity, requestId)) this.#tokens.watch(session);
  }

  /** The connection of a session is gone: it may come back within its window. Said again: no effect. */
  async lost(session: Session): Promise<void> {
    if (!session.connected) return;
    this.#own.disconnected(session);
    if (!this.#own.hasEnded(session)) await this.#unfinished.add(this.#detach(session));
  }

  /** Ends a session for good: out of its rooms, not to be resumed. */
  async end(session: Session, reason: EndReason): Promise<void> {
    await this.#unfinished.add(this.#own.end(session, reason));
  }

  async #signIn(request: SignIn): Promise<Session> {
    const signedIn = await this.#desk.signIn(request);
    const { session, rooms } = signedIn;
    session.send(this.#welcome(signedIn));
    for (const room of rooms) room.afterWelcome();
    this.#tokens.watch(session);
    return session;
  }

  /** Its token is over: it may come back within its window, with another. */
  #expire(session: Session): void {
    session.log.info('session.token_expired');
    this.#close(session, CloseCode.TOKEN_EXPIRED, 'the token expired');
  }

  /** Closes the connection of a session that may come back. What the connection still brings has no effect. */
  #close(session: Session, code: CloseCode, reason: string): void {
    session.close(code, reason);
    this.lost(session).catch((error: unknown) => session.log.error('session.detach', error));
  }

  /** Sends every client elsewhere: this node stood still, and others may have taken its sessions. */
  sendAway(): void {
    for (const session of this.#own.all) this.#close(session, CloseCode.GOING_AWAY, 'the node was paused');
  }

  #detach(session: Session): Promise<void> {
    const { store, keeper } = this.#options;
    return this.#calls.untilHeard(
      async () => {
        if (await store.detach(session, session.gen, session.windowMs)) return;
        // A session that the store has lost can't be come back to. It is put back to be ended, so that it is out of its rooms.
        if (await keeper.keep(session)) await store.detach(session, session.gen, 0);
      },
      (error) => session.log.warn('session.detach_failed', { code: error.codeName }),
    );
  }

  /** Clients that are connected stay so, and are told. */
  #storeChanged(available: boolean): void {
    const { log } = this.#options;
    if (available) log.info('store.reached', { sessions: this.#own.size });
    else log.warn('store.lost', { sessions: this.#own.size });
    const frame = controlFrame({ body: { case: 'serviceStatus', value: { service: 'store', available } } });
    for (const session of this.#own.all) session.send(frame);
  }

  #session(request: SignIn, record: SessionRecord, secretHash: string): Session {
    const { node, log, clock, outboundLimits, rateLimits, maxBrokenFrames } = this.#options;
    const session = new Session({
      ref: { userId: record.userId, sessionId: record.sessionId },
      gen: record.gen,
      node,
      joins: record.rooms,
      identity: request.identity,
      windowMs: this.#windowMs(request.identity),
      secretHash,
      attempt: request.hello.resume?.attempt ?? 0,
      wire: request.wire,
      clock,
      log: log.child({ session: record.sessionId, user: log.user(record.userId) }),
      outboundLimits,
      rateLimits,
      acknowledger: this.#acknowledger,
      maxBrokenFrames,
    });
    this.#own.add(session);
    return session;
  }

  #welcome({ session, secret, resumed, rooms }: SignedIn): OutgoingFrame {
    const { limits, liveness, features, iceServers, serverVersion, node } = this.#options;
    const value = create(WelcomeSchema, {
      sessionId: session.sessionId,
      sessionSecret: secret,
      userId: session.userId,
      resumed,
      rooms: rooms.map(({ room }) => room),
      limits,
      liveness,
      features: [...features],
      iceServers,
      tokenExpiresAtMs: BigInt(session.identity.expiresAtMs ?? 0),
      nodeId: node,
      serverVersion,
      reconnectionWindowMs: session.windowMs,
    });
    return controlFrame({ body: { case: 'welcome', value } });
  }

  #windowMs(identity: Identity): number {
    const { reconnectionWindowMs, maxReconnectionWindowMs } = this.#options;
    return Math.min(identity.reconnectionWindowMs ?? reconnectionWindowMs, maxReconnectionWindowMs);
  }
}
