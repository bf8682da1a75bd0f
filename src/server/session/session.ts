import type { Permissions } from '../../../gen/parley/signal/v1/room_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { errorMessage } from '../frame/error-message.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import { acknowledgedFrame, controlFrame, replyFrame } from '../frame/server-frame.ts';
import type { Log } from '../port/log.ts';
import type { Position, Source, StreamName } from '../port/room-log.ts';
import type { JoinRecord, SessionRef } from '../port/session-store.ts';
import type { Identity } from '../port/token-verifier.ts';
import type { Acknowledger } from './acknowledger.ts';
import type { Answer } from './answer.ts';
import { FrameLimits } from './frame-limits.ts';
import { Outbound, type OutboundLimits } from './outbound.ts';
import type { RateLimits } from './rate-limits.ts';
import { RequestBook } from './request-book.ts';
import { RoomTurns } from './room-turns.ts';
import type { StreamFeed } from './stream-feed.ts';
import type { Wire } from './wire.ts';

/** What the store had of a room and a membership when this node last heard of them: what is put back where the store loses it. */
export interface LastKnown {
  /** As `NewMember.info`. */
  memberInfo: Uint8Array;
  /** The room's fields. Members that know the same have the same object. */
  fields: ReadonlyMap<string, Uint8Array>;
}

/** A session's place in a room, as far as this node knows: the log decides. */
export interface RoomMembership {
  readonly roomId: string;
  /** The room's stream in the log. */
  readonly stream: StreamName;
  readonly peerId: string;
  /** The request that joined: `<session id>:<request id>`. */
  readonly join: string;
  /** Where its join stands in the stream. */
  readonly joined: Position;
  readonly permissions: Permissions;
  /** Changes with what this node hears. */
  readonly lastKnown: LastKnown;
  /** Brings the room's events to this connection; where it is stopped the membership stays. */
  readonly feed: StreamFeed;
}

export interface SessionOptions {
  readonly ref: SessionRef;
  readonly gen: number;
  readonly node: string;
  /** The rooms that its record in the store names. */
  readonly joins: ReadonlyMap<string, JoinRecord>;
  readonly identity: Identity;
  /** How long it may be without a connection, in milliseconds. */
  readonly windowMs: number;
  /** SHA-256 of the session secret, in hexadecimal. */
  readonly secretHash: string;
  /** Which of the client's connections for this session it is, by the client's count. 0: not counted. */
  readonly attempt: number;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly log: Log;
  readonly outboundLimits: OutboundLimits;
  readonly rateLimits: RateLimits;
  readonly acknowledger: Acknowledger;
  /** How many broken frames a connection may send. */
  readonly maxBrokenFrames: number;
}

/** One signed-in client on one connection: what it may, where it is, and what it waits for. */
export class Session implements SessionRef {
  readonly userId: string;
  readonly sessionId: string;
  readonly node: string;
  readonly windowMs: number;
  readonly secretHash: string;
  readonly attempt: number;
  readonly log: Log;
  /**
   * What its record in the store says of rooms: put back where the store loses it. May name rooms that the session is not in, never too
   * few. `SessionKeeper` changes it.
   */
  readonly joins: Map<string, JoinRecord>;
  /** The rooms that its connection follows. */
  readonly rooms = new Map<string, RoomMembership>();
  /** The rooms that it is on its way into. */
  readonly entering = new Set<string>();
  /** Rooms that the store has lost, and that are being put back: a turn is running for each. */
  readonly unsettled = new Set<string>();
  /** The rooms that settle since the session came back; each tells whether what the client knew of it was lost. */
  readonly returning = new Map<string, Promise<boolean>>();
  readonly turns = new RoomTurns();
  readonly requests = new RequestBook();
  readonly outbound: Outbound;
  readonly limits: FrameLimits;
  readonly #wire: Wire;
  readonly #options: SessionOptions;
  /** An acknowledgement is asked for. */
  #willAcknowledge = false;
  /** Takes back the one that is due with all that this turn of the event loop brings. */
  #cancelThisTurn: (() => void) | undefined;
  #brokenFrames = 0;
  #identity: Identity;
  /** The request that brought the identity; 0: the sign-in. */
  #identityOf = 0;
  #connected = true;
  #gen: number;
  #gone: AbortController | undefined;

  constructor(options: SessionOptions) {
    this.userId = options.ref.userId;
    this.sessionId = options.ref.sessionId;
    this.#gen = options.gen;
    this.node = options.node;
    this.windowMs = options.windowMs;
    this.secretHash = options.secretHash;
    this.attempt = options.attempt;
    this.joins = new Map(options.joins);
    this.#identity = options.identity;
    this.log = options.log;
    this.#wire = options.wire;
    this.#options = options;
    this.outbound = new Outbound({
      wire: options.wire,
      limits: options.outboundLimits,
      clock: options.clock,
      log: options.log,
      onOverflow: () => this.tooSlow('the client reads too slowly'),
    });
    this.limits = new FrameLimits({
      rates: options.rateLimits,
      requests: this.requests,
      clock: options.clock,
      log: options.log,
      tell: (dropped) => {
        this.send(controlFrame({ body: { case: 'dropped', value: dropped } }));
        this.acknowledge();
      },
    });
  }

  /** Whether its connection is there. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Aborts when its connection is gone. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController();
    if (!this.#connected) this.#gone.abort();
    return this.#gone.signal;
  }

  get gen(): number {
    return this.#gen;
  }

  /** The store had lost the session, and has it with this gen from now on. */
  regained(gen: number): void {
    this.#gen = gen;
  }

  /** Throws UNAVAILABLE where the room is being put back: what is asked of it then has no effect. */
  assertSettled(roomId: string): void {
    if (!this.unsettled.has(roomId)) return;
    throw new SignalError(ErrorCode.UNAVAILABLE, 'the store has lost the room, which is being put back');
  }

  /** What its token says: the one that it signed in with, or the newest that replaced it. */
  get identity(): Identity {
    return this.#identity;
  }

  /** Takes what a request's token says. False: a later request was faster, and what it brought stays. */
  renewIdentity(identity: Identity, requestId: number): boolean {
    if (requestId < this.#identityOf) return false;
    this.#identity = identity;
    this.#identityOf = requestId;
    return true;
  }

  /** Who commits, when this session does so for a request. */
  source(requestId: number): Source {
    return { id: this.sessionId, gen: this.gen, seq: requestId };
  }

  /** Sends a reply or a control frame, after all that was sent before it. */
  send(frame: OutgoingFrame): void {
    this.outbound.send(frame);
  }

  /** Answers a request with its result, or notes the success to be acknowledged soon, or at once if it is an old one. */
  answer(requestId: number, answer: Answer): void {
    if (answer.result === undefined) this.requests.succeeded(requestId);
    if (answer.result !== undefined) this.#reply(requestId, answer.result);
    else if (answer.again === true) this.#acknowledgeThisTurn();
    else this.#acknowledgeSoon();
    answer.afterReply?.();
  }

  /** Answers with an error: as a reply to a request, or as control where no request can be named. */
  refuse(requestId: number, error: SignalError): void {
    const value = errorMessage(error);
    if (requestId === 0) this.send(controlFrame({ body: { case: 'error', value } }));
    else this.#reply(requestId, { case: 'error', value });
  }

  /** Acknowledges now what succeeded and was not told yet. */
  acknowledge(): void {
    if (this.#willAcknowledge) this.#options.acknowledger.forget(this);
    this.#willAcknowledge = false;
    this.#cancelThisTurn?.();
    this.#cancelThisTurn = undefined;
    const through = this.requests.takeAcknowledged();
    if (through !== 0) this.send(acknowledgedFrame(through));
    for (const id of this.requests.takeHeldUp()) this.send(replyFrame({ replyTo: id }));
    if (this.requests.isHeldUp) this.#acknowledgeSoon();
  }

  /** Counts a frame that was none; closes the connection that sends too many. */
  noteBrokenFrame(): void {
    if (++this.#brokenFrames > this.#options.maxBrokenFrames) {
      this.close(CloseCode.PROTOCOL_VIOLATION, 'too many broken frames');
    }
  }

  /** Closes the connection; what becomes of the session is decided by who calls. */
  close(code: number, reason: string): void {
    this.#wire.close(code, reason);
  }

  /** The connection is gone: nothing is sent or followed any more. */
  disconnected(): void {
    this.#connected = false;
    this.#gone?.abort();
    this.limits.stop();
    this.#options.acknowledger.forget(this);
    this.#cancelThisTurn?.();
    this.outbound.close();
    for (const { feed } of this.rooms.values()) feed.stop();
  }

  /** Closes a connection that reads too slowly: what it missed is in the log, or told by a snapshot, when it comes back. */
  tooSlow(reason: string): void {
    this.log.warn('session.slow_reader', { reason });
    this.close(CloseCode.SLOW_READER, reason);
  }

  #reply(requestId: number, result: Parameters<typeof replyFrame>[0]['result']): void {
    const ackedThrough = this.requests.takeAcknowledged();
    this.send(replyFrame({ replyTo: requestId, ackedThrough, ...(result && { result }) }));
  }

  #acknowledgeThisTurn(): void {
    if (!this.#connected) return;
    this.#cancelThisTurn ??= this.#options.clock.after(0, () => this.acknowledge());
  }

  #acknowledgeSoon(): void {
    if (this.#willAcknowledge || !this.#connected) return;
    this.#willAcknowledge = true;
    this.#options.acknowledger.soon(this);
  }
}
