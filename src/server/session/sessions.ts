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
import type { EndReason, SessionNotice, SessionRecord, SessionStore } from '../port/session-store.ts';
import type { StoreStatus } from '../port/store-status.ts';
import type { Identity } from '../port/token-verifier.ts';
import { Acknowledger } from './acknowledger.ts';
import { Drain } from './drain.ts';
import type { MovePace } from './move-plan.ts';
import type { OutboundLimits } from './outbound.ts';
import { PersistentCalls } from './persistent-calls.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RoomLosses, RoomsOnSignIn, SessionEnder } from './returning.ts';
import { Session } from './session.ts';
import { SessionDesk, type SignedIn, type SignIn } from './session-desk.ts';
import type { NotOwn, SessionKeeper } from './session-keeper.ts';
import { SessionLook } from './session-look.ts';
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

const closeCodes: Readonly<Record<EndReason, CloseCode>> = {
  lost: CloseCode.CONNECTION_STALE,
  'signed-out': CloseCode.SIGNED_OUT,
  replaced: CloseCode.REPLACED_BY_NEW_SESSION,
  kicked: CloseCode.KICKED,
};

/** The sessions that have their connection on this node: how they begin, come back and lose it. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #desk: SessionDesk;
  readonly #tokens: TokenWatch;
  readonly #acknowledger: Acknowledger;
  readonly #calls: PersistentCalls;
  readonly #look: SessionLook;
  readonly #live = new Map<string, Session>();
  /** Those that ended here. The store forgets such an end, and would be taken to have lost the session. */
  readonly #ended = new WeakSet<Session>();
  readonly #watching: { close(): void }[] = [];
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
    this.#look = new SessionLook({
      ...options,
      calls: this.#calls,
      live: () => [...this.#live.values()].filter((session) => !this.#ended.has(session)),
      onNotOwn: (session, ownership) => this.#notOwn(session, ownership),
    });
    this.#tokens = new TokenWatch({
      clock: options.clock,
      warningMs: options.tokenWarningMs,
      onExpired: (session) => this.#expire(session),
    });
  }

  /** Begins to hear of sessions that are taken or ended elsewhere, and of the store going away: from when it can first be reached. */
  start(): void {
    const { store, node, status, log } = this.#options;
    this.#watching.push(status.watch((isAvailable) => this.#storeChanged(isAvailable)));
    void this.#calls.untilHeard(
      async () => {
        const onMissed = () => this.lookForTaken();
        this.#watching.push(
          await store.watch(node, { onNotice: (notice) => this.#noticed(notice), onMissed }),
        );
        // What became of those who were faster was told to nobody.
        if (this.#live.size > 0) onMissed();
      },
      (error) => log.warn('session.watch_failed', { code: error.codeName }),
    );
  }

  stop(): void {
    this.#calls.stop();
    this.#tokens.stop();
    this.#acknowledger.stop();
    for (const watching of this.#watching) watching.close();
  }

  /** The store may have lost something: looks whether it still has all sessions, and their rooms, and puts back what is gone. */
  lookForLosses(): void {
    this.#look.start('rooms-too');
  }

  /**
   * Others may have taken sessions of this node, or ended them, without its hearing of it: looks whose they are, and closes the connections
   * of those that are its own no more.
   */
  lookForTaken(): void {
    this.#look.start('sessions');
  }

  /**
   * Has all clients move to other nodes, and closes those that have not by their time, with GOING_AWAY. Resolves when none is left,
   * at the latest after the pace's time. For when no one signs in here any more. Once.
   */
  async drain(pace: MovePace): Promise<void> {
    const { clock, log } = this.#options;
    const close = (session: Session) => this.#close(session, CloseCode.GOING_AWAY, 'the node is stopping');
    this.#drain = new Drain({ clock, log, pace, close });
    await this.#drain.run([...this.#live.values()]);
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
    for (const { rooms } of this.#live.values()) count += rooms.size;
    return count;
  }

  /** How many users have a connection here. */
  get users(): number {
    return new Set(Array.from(this.#live.values(), ({ userId }) => userId)).size;
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
    this.#disconnected(session);
    if (!this.#ended.has(session)) await this.#unfinished.add(this.#detach(session));
  }

  /** Ends a session for good: out of its rooms, not to be resumed. */
  async end(session: Session, reason: EndReason): Promise<void> {
    await this.#unfinished.add(this.#end(session, reason));
  }

  async #end(session: Session, reason: EndReason): Promise<void> {
    const { store, keeper } = this.#options;
    let record = await store.end(session, session.gen, reason);
    // Where the store has lost the session, it may still have its rooms.
    if (record === undefined && (await keeper.keep(session)))
      record = await store.end(session, session.gen, reason);
    if (record === undefined) return;
    this.#ended.add(session);
    await this.#options.ender.finish(record);
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
    for (const session of [...this.#live.values()])
      this.#close(session, CloseCode.GOING_AWAY, 'the node was paused');
  }

  #disconnected(session: Session): void {
    session.disconnected();
    this.#tokens.forget(session);
    if (this.#live.get(session.sessionId) === session) this.#live.delete(session.sessionId);
    this.#drain?.gone(session);
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
    if (available) log.info('store.reached', { sessions: this.#live.size });
    else log.warn('store.lost', { sessions: this.#live.size });
    const frame = controlFrame({ body: { case: 'serviceStatus', value: { service: 'store', available } } });
    for (const session of this.#live.values()) session.send(frame);
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
    // From now on it hears when it is taken or ended, also while its rooms are still being entered.
    const current = this.#live.get(session.sessionId);
    if (current !== undefined && current.gen >= session.gen) return session;
    // Its notice has not come yet, and would find this one.
    if (current !== undefined) this.#taken(current);
    this.#live.set(session.sessionId, session);
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

  #noticed(notice: SessionNotice): void {
    const session = this.#live.get(notice.ref.sessionId);
    if (session === undefined) return;
    if (notice.kind === 'ended') this.#notOwn(session, notice);
    else if (notice.gen > session.gen)
      this.#notOwn(session, { kind: notice.kind === 'taken' ? 'taken' : 'not-attached' });
  }

  /** A session is not this node's any more, as a notice or a look says. */
  #notOwn(session: Session, ownership: NotOwn): void {
    if (!session.connected) return;
    if (ownership.kind === 'taken') {
      this.#taken(session);
      return;
    }
    if (ownership.kind === 'ended') {
      // Who signs out is answered first, and closed by its own request.
      if (ownership.why === 'signed-out') return;
      session.close(closeCodes[ownership.why], `the session ended: ${ownership.why}`);
    } else {
      session.close(CloseCode.NOT_ATTACHED, 'the session is no longer of this connection');
    }
    this.#disconnected(session);
  }

  #taken(session: Session): void {
    session.close(CloseCode.REPLACED_BY_SAME_SESSION, 'the session was resumed on another connection');
    this.#disconnected(session);
  }
}
