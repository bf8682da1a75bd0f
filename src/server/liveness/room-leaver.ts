import { LeaveReason } from '../../../gen/parley/signal/v1/room_pb.ts';
import { maxUint32 } from '../../shared/limits.ts';
import { decideLeave } from '../domain/departure.ts';
import { type Decision, decideAndCommit } from '../port/decision.ts';
import type { Log } from '../port/log.ts';
import type { RoomLog, Source } from '../port/room-log.ts';
import type { EndReason, SessionRecord, SessionStore } from '../port/session-store.ts';

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
    const leaving = Array.from(record.rooms.keys(), (roomId) => this.#leave(roomId, record, reason));
    const failed = (await Promise.allSettled(leaving)).find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await this.#store.forget(record);
  }

  async #leave(roomId: string, record: SessionRecord, reason: LeaveReason): Promise<void> {
    const { sessionId, userId, gen } = record;
    const source = lastSource(sessionId, gen);
    const decided = await decideAndCommit(this.#log, `room:${roomId}`, source, (state) => {
      const decision = decideLeave(state, record, reason);
      return decision.kind === 'done' ? fence : decision;
    });
    if (decided.kind === 'committed' && decided.entry !== undefined) {
      const user = this.#logger.user(userId);
      this.#logger.info('room.leave', { room: roomId, user, session: sessionId, reason: nameOf(reason) });
    }
  }
}

/** Nothing but the source's gen: a join of the ended session that is still on its way has no effect after it. */
const fence: Decision = { kind: 'commit', checks: [], changes: [] };

/** The source of the last thing that a session does in a room: above all that it ever did or tried. */
function lastSource(sessionId: string, gen: number): Source {
  return { id: sessionId, gen: gen + 1, seq: maxUint32 };
}

function nameOf(reason: LeaveReason): string {
  return Object.entries(LeaveReason).find(([, value]) => value === reason)?.[0] ?? String(reason);
}
