import { create } from '@bufbuild/protobuf';
import PQueue from 'p-queue';
import { type ResumedRoom, ResumedRoomSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { backoffDelayMs } from '../../../shared/backoff.ts';
import type { Clock } from '../../../shared/clock.ts';
import { CloseCode } from '../../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { decidePutBack } from '../../domain/put-back.ts';
import { controlFrame } from '../../frame/server-frame.ts';
import { commitError, decideAndCommit } from '../../port/decision.ts';
import type { Position, RoomLog } from '../../port/room-log.ts';
import type { RoomLosses } from '../../session/returning.ts';
import type { RoomMembership, Session } from '../../session/session.ts';
import type { SessionKeeper } from '../../session/session-keeper.ts';
import { pause } from './pause.ts';
import { type Returned, type RoomReturn, refusedRoom } from './room-return.ts';

export interface RoomRestoreOptions {
  readonly roomLog: RoomLog;
  readonly keeper: SessionKeeper;
  readonly roomReturn: RoomReturn;
  readonly clock: Clock;
  /** How long the other nodes have, from when all members of this one are back, to put theirs back too, in milliseconds. */
  readonly settleMs: number;
}

/** So many members are put back at once, and so many clients told: those of a node may be many, and all at the same time. */
const atOnce = 256;
const tryAgain = { firstDelayMs: 100, maxDelayMs: 2_000 };

/**
 * Puts back what the store has lost of a room: the members whose connections are here, and the room with the first of them. Their clients
 * stay connected. They are told that the room is settling, and, when all nodes have had their time, how it stands.
 */
export class RoomRestore implements RoomLosses {
  readonly #options: RoomRestoreOptions;
  /** The rooms that settle, with how many memberships of this node. */
  readonly #settling = new Map<string, number>();
  /** Until then any room may, by the monotonic clock. */
  #settlingUntilMs = Number.NEGATIVE_INFINITY;
  readonly #puttingBack = new PQueue({ concurrency: atOnce });
  readonly #returning = new PQueue({ concurrency: atOnce });

  constructor(options: RoomRestoreOptions) {
    this.#options = options;
  }

  lossNoticed(): void {
    const { clock, settleMs } = this.#options;
    this.#settlingUntilMs = clock.monotonicMs() + settleMs;
  }

  /** Whether a room may lack members that are being put back, as far as this node knows. */
  isSettling(roomId: string): boolean {
    return this.#settling.has(roomId) || this.#options.clock.monotonicMs() < this.#settlingUntilMs;
  }

  async hasLost(session: Session, roomId: string): Promise<boolean> {
    const membership = session.rooms.get(roomId);
    if (session.unsettled.has(roomId) || membership === undefined) return session.unsettled.has(roomId);
    const read = await this.#options.roomLog.read(membership.stream, membership.feed.delivered(), 1);
    const isLost = !read.good && read.why === 'lost';
    // Another may have asked meanwhile, and found the same.
    if (isLost && session.connected && session.rooms.get(roomId) === membership)
      this.#begin(session, membership);
    return session.unsettled.has(roomId);
  }

  #begin(session: Session, membership: RoomMembership): void {
    const { roomId, feed } = membership;
    if (session.unsettled.has(roomId)) return;
    session.unsettled.add(roomId);
    this.#settling.set(roomId, (this.#settling.get(roomId) ?? 0) + 1);
    feed.hold();
    session.log.info('room.lost', { room: roomId });
    tell(session, create(ResumedRoomSchema, { roomId, outcome: { case: 'settling', value: true } }));
    void session.turns
      .take(roomId, () => this.#settle(session, membership))
      .catch((error: unknown) => {
        session.log.error('room.restore', error, { room: roomId });
        session.close(CloseCode.INTERNAL, 'the server failed');
      });
  }

  async #settle(session: Session, membership: RoomMembership): Promise<void> {
    const { roomId } = membership;
    try {
      const returned = await this.#returned(session, membership);
      this.#settled(session, roomId);
      tell(session, returned.room);
      returned.follow();
      session.log.info('room.restored', { room: roomId, outcome: returned.room.outcome.case ?? '' });
    } catch (thrown) {
      this.#settled(session, roomId);
      if (!session.connected) return;
      const error = SignalError.from(thrown);
      if (error.code === ErrorCode.STALE_SESSION) session.close(CloseCode.NOT_ATTACHED, error.message);
      else if (error.code === ErrorCode.PEER_ID_TAKEN) this.#giveUp(session, membership);
      else throw thrown;
    }
  }

  #settled({ unsettled }: Session, roomId: string): void {
    if (!unsettled.delete(roomId)) return;
    const others = (this.#settling.get(roomId) ?? 1) - 1;
    if (others === 0) this.#settling.delete(roomId);
    else this.#settling.set(roomId, others);
  }

  /** Rejects where the session is gone, or its place is another's. */
  async #returned(session: Session, membership: RoomMembership): Promise<Returned> {
    const { roomLog, roomReturn, clock, settleMs } = this.#options;
    const { roomId, stream, peerId, join } = membership;
    for (;;) {
      const backAt = await this.#untilReached(session, () =>
        this.#puttingBack.add(() => this.#putBack(session, membership)),
      );
      await this.#othersAreBack(session);
      await pause(clock, settleMs, session.gone);
      const comeBack = async () => {
        // What was put back may be lost again; what a host has put out since is not.
        const read = await roomLog.read(stream, backAt, 1);
        if (!read.good && read.why === 'lost') return undefined;
        return roomReturn.comeBack(session, roomId, { peerId, join }, undefined);
      };
      const returned = await this.#untilReached(session, () => this.#returning.add(comeBack));
      if (returned === undefined) continue;
      if (returned.room.outcome.case === 'error') this.#forget(session, membership);
      return returned;
    }
  }

  /** All members of this node are back, or could have been: those whose own part of the store is away hold up the others for so long at most. */
  async #othersAreBack({ gone }: Session): Promise<void> {
    const { clock, settleMs } = this.#options;
    const areBack = new AbortController();
    const atMost = pause(clock, settleMs, AbortSignal.any([gone, areBack.signal]));
    await Promise.race([this.#puttingBack.onIdle(), atMost]);
    areBack.abort();
  }

  /**
   * A position from when the member was there again. The session comes first, so that no member is without one that ends. As source it
   * has seq 0, which is before all its requests: where the stream knows later ones of it, nothing is put back.
   */
  async #putBack(
    session: Session,
    { roomId, stream, peerId, join, lastKnown }: RoomMembership,
  ): Promise<Position> {
    const { roomLog, keeper } = this.#options;
    await keeper.addRoom(session, roomId, { peerId, join });
    const { sessionId, userId, gen, node } = session;
    let found: Position | undefined;
    const decided = await decideAndCommit(roomLog, stream, session.source(0), (state) => {
      if (!session.connected) throw commitError('stale');
      const member = state?.members.get(peerId);
      // Its join may lie in an epoch of which no position is good any more, though it is there.
      found = member?.sessionId === sessionId ? state?.head : undefined;
      return decidePutBack(state, { ...lastKnown, peerId, session: { sessionId, userId, gen, node } });
    }).catch((thrown: unknown) => {
      throw SignalError.from(thrown).code === ErrorCode.NOT_APPLIED ? placeTaken() : thrown;
    });
    if (decided.kind === 'committed') return decided.position;
    return found ?? { epoch: 0, offset: 0 };
  }

  /** It can't be put back as what it was: the client joins again, as what it can be. */
  #giveUp(session: Session, membership: RoomMembership): void {
    this.#forget(session, membership);
    const error = new SignalError(ErrorCode.UNAVAILABLE, 'the store has lost the membership: join again');
    tell(session, refusedRoom(membership.roomId, error));
  }

  #forget(session: Session, membership: RoomMembership): void {
    const { roomId, feed } = membership;
    feed.stop();
    session.rooms.delete(roomId);
    this.#options.keeper.removeRoom(session, roomId, membership);
  }

  /** Tries until the store can be reached. Rejects with what else went wrong, and when the client is gone. */
  async #untilReached<Result>(session: Session, call: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      try {
        if (!session.connected) throw commitError('stale');
        return await call();
      } catch (thrown) {
        const { code, retryable } = SignalError.from(thrown);
        // What may have been put back already has the same source and seq again, so that it is put back once.
        if (!retryable && code !== ErrorCode.OUTCOME_UNKNOWN) throw thrown;
        await pause(this.#options.clock, backoffDelayMs(tryAgain, attempt), session.gone);
      }
    }
  }
}

function tell(session: Session, room: ResumedRoom): void {
  session.send(controlFrame({ body: { case: 'roomSettled', value: room } }));
}

function placeTaken(): SignalError {
  return new SignalError(ErrorCode.PEER_ID_TAKEN, 'the stream knows later requests of the session');
}
