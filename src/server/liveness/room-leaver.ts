import { LeaveReason } from '../../../gen/parley/signal/v1/room_pb.ts';
import { maxUint32 } from '../../shared/limits.ts';
import { decideLeave } from '../domain/departure.ts';
import { commitError, decideAndCommit } from '../port/decision.ts';
import type { Log } from '../port/log.ts';
import type { RoomLog, StreamState } from '../port/room-log.ts';
import type { EndReason, JoinRecord, SessionRecord, SessionStore } from '../port/session-store.ts';

const leaveReasons: Readonly<Record<EndReason, LeaveReason>> = {
  lost: LeaveReason.CONNECTION_LOST,
  'signed-out': LeaveReason.LEFT,
  replaced: LeaveReason.REPLACED,
  kicked: LeaveReason.KICKED,
};

/** Takes ended sessions out of their rooms and forgets them. Doing it twice, or on two nodes at once, is harmless. */
export class RoomLeaver {
  readonly #log: RoomLog;
  readonly #store: SessionStore;
  readonly #logger: Log;
  /** What is under way, by session: who ends a session finishes it, and the reaper may find it while that goes on. */
  readonly #finishing = new Map<string, Promise<void>>();

  constructor(log: RoomLog, store: SessionStore, logger: Log) {
    this.#log = log;
    this.#store = store;
    this.#logger = logger;
  }

  /** Rejects when a room could not be left: the record then stays due. Said again meanwhile: the same. */
  async finish(record: SessionRecord): Promise<void> {
    const { sessionId } = record;
    const finishing =
      this.#finishing.get(sessionId) ?? this.#finish(record).finally(() => this.#finishing.delete(sessionId));
    this.#finishing.set(sessionId, finishing);
    await finishing;
  }

  async #finish(record: SessionRecord): Promise<void> {
    const reason = leaveReasons[record.ended ?? 'lost'];
    const leaving = Array.from(record.rooms, ([roomId, join]) => this.#leave(roomId, join, record, reason));
    const failed = (await Promise.allSettled(leaving)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await this.#store.forget(record);
  }

  async #leave(
    roomId: string,
    { peerId }: JoinRecord,
    { sessionId, userId, gen, node }: SessionRecord,
    reason: LeaveReason,
  ): Promise<void> {
    const stream = `room:${roomId}` as const;
    // Above all that the session ever had or tried there.
    const last = { sessionId, gen: gen + 1 };
    const source = { id: sessionId, gen: last.gen, seq: maxUint32 };
    const decide = (state: StreamState | undefined) => decideLeave(state, last, reason);
    // As a commit it comes behind what this node has on its way of the session.
    let decided = await decideAndCommit(this.#log, stream, source, decide);
    if (decided.kind === 'done') {
      // A join may be on its way yet: it comes before the attachment and is in its state, or has no effect any more.
      const attached = await this.#log.attach(stream, { ...last, peerId, node });
      if (attached.outcome === 'stale') throw commitError('stale');
      decided = await decideAndCommit(this.#log, stream, source, decide, attached.state);
    }
    if (decided.kind === 'committed') {
      const user = this.#logger.user(userId);
      this.#logger.info('room.leave', { room: roomId, user, session: sessionId, reason: nameOf(reason) });
    }
  }
}

function nameOf(reason: LeaveReason): string {
  return Object.entries(LeaveReason).find(([, value]) => value === reason)?.[0] ?? String(reason);
}
