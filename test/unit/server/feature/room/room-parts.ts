import { create } from '@bufbuild/protobuf';
import { type RoomAccess, RoomRecordSchema } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { MemoryRoomLog } from '../../../../../src/server/adapter/memory/memory-room-log.ts';
import { MemorySessionStore } from '../../../../../src/server/adapter/memory/memory-session-store.ts';
import { RoomFeature } from '../../../../../src/server/feature/room/room-feature.ts';
import type { OutgoingFrame } from '../../../../../src/server/frame/outgoing-frame.ts';
import { RoomLeaver } from '../../../../../src/server/liveness/room-leaver.ts';
import type { JoinDecision } from '../../../../../src/server/port/directory.ts';
import type { Commit, CommitResult, RoomLog, StreamName } from '../../../../../src/server/port/room-log.ts';
import { Acknowledger } from '../../../../../src/server/session/acknowledger.ts';
import { Session } from '../../../../../src/server/session/session.ts';
import { SessionKeeper } from '../../../../../src/server/session/session-keeper.ts';
import { StreamFeed } from '../../../../../src/server/session/stream-feed.ts';
import { StreamTails } from '../../../../../src/server/session/stream-tail.ts';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../../contract/fake-clock.ts';
import { quietLog } from '../../../quiet-log.ts';
import { identityOf, usualLimits, usualSecret } from '../../session/usual-options.ts';

/** A log whose commits can be held up on their way, as by a network. */
class HeldRoomLog implements RoomLog {
  #log: RoomLog;
  readonly #begin: () => RoomLog;
  #way: Promise<void> | undefined;
  #release: () => void = () => undefined;

  constructor(begin: () => RoomLog) {
    this.#begin = begin;
    this.#log = begin();
  }

  /** All is gone. */
  lose(): void {
    this.#log = this.#begin();
  }

  #isBrokenOff = false;

  /** As where a failover lost entries of which nobody knows whom they were for: no position of before is good, and all else is there. */
  breakOff(): void {
    this.#isBrokenOff = true;
  }

  /** Holds up the commits that are made from now on, until the next `pass`. */
  hold(): void {
    this.#way = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Commits that are made from now on go through; those that are held stay. The returned function lets them go too. */
  pass(): () => void {
    this.#way = undefined;
    return this.#release;
  }

  async commit(stream: StreamName, commit: Commit): Promise<CommitResult> {
    await this.#way;
    return this.#log.commit(stream, commit);
  }

  /** How often an attachment fails yet, as where the room's shard can't be reached. */
  unreachable = 0;

  readonly attach: RoomLog['attach'] = (...args) => {
    if (this.unreachable === 0) return this.#log.attach(...args);
    this.unreachable--;
    return Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'on purpose'));
  };
  readonly read: RoomLog['read'] = async (stream, after, maxBytes) => {
    if (!this.#isBrokenOff) return this.#log.read(stream, after, maxBytes);
    const epoch = (await this.#log.state(stream))?.head.epoch ?? 0;
    if (after.epoch === epoch) return { good: false, why: 'lost' };
    return this.#log.read(stream, { ...after, epoch }, maxBytes);
  };
  readonly state: RoomLog['state'] = async (stream) => {
    const state = await this.#log.state(stream);
    if (state === undefined || !this.#isBrokenOff) return state;
    return { ...state, head: { ...state.head, epoch: state.head.epoch - 1 } };
  };
  readonly subscribe: RoomLog['subscribe'] = (...args) => this.#log.subscribe(...args);
  readonly publish: RoomLog['publish'] = (...args) => this.#log.publish(...args);
  readonly rooms: RoomLog['rooms'] = (...args) => this.#log.rooms(...args);
}

/** How long a room settles after a loss. */
export const settleMs = 3_000;

/** The room feature with what it stands on, in memory. Each room's policy is the one given. */
export function roomParts(policy: { readonly access?: RoomAccess; readonly creatorIsHost?: boolean }) {
  const clock = new FakeClock();
  const roomLog = new HeldRoomLog(
    () => new MemoryRoomLog({ clock: new FakeClock(), keepMs: 60_000, maxBytes: 1_000_000, emptyGraceMs: 0 }),
  );
  const store = new MemorySessionStore({ clock, endedKeepMs: 60_000 });
  /** What went out to clients. */
  const sent: OutgoingFrame[] = [];
  /** Questions whether a user may enter that nobody has answered yet. */
  const questions: ((decision: JoinDecision) => void)[] = [];
  const record = create(RoomRecordSchema, {
    policy: { createOnJoin: true, ...policy },
  });
  const unasked = () => Promise.reject(new Error('no token is asked for'));
  const rooms = new RoomFeature({
    roomLog,
    store,
    directory: {
      getRoom: (roomId) => Promise.resolve({ ...record, roomId }),
      authorizeJoin: () => new Promise((resolve) => void questions.push(resolve)),
      getUser: () => Promise.resolve(undefined),
    },
    verifier: { verify: unasked, verifyJoinToken: unasked },
    presence: { renew: () => undefined },
    tails: new StreamTails({ log: roomLog, clock, logger: quietLog }),
    makeFeed: (feed) => new StreamFeed(feed),
    clock,
    keeper: new SessionKeeper(store),
    settleMs,
  });
  const leaver = new RoomLeaver(roomLog, store, quietLog);

  return {
    clock,
    sent,
    roomLog,
    store,
    rooms,
    leaver,
    questions,
    /** Opens a session, or takes one over. */
    signIn: async (userId: string, gen = 1): Promise<Session> => {
      const ref = { userId, sessionId: `session of ${userId}` };
      const secretHash = 'hash';
      const windowMs = 5_000;
      if (gen === 1) await store.open({ ...ref, secretHash, node: 'a', windowMs, policy: 'multiple' });
      else await store.attach({ ...ref, secretHash, node: 'a', windowMs, attempt: 0 });
      return new Session({
        ref,
        gen,
        node: 'a',
        identity: identityOf(userId),
        ...usualSecret,
        wire: {
          send: (frame) => void sent.push(frame),
          close: () => undefined,
          bufferedBytes: 0,
          onDrain: () => undefined,
        },
        clock,
        log: quietLog,
        ...usualLimits(),
        acknowledger: new Acknowledger(clock, 40),
      });
    },
    members: async (roomId: string): Promise<string[]> => [
      ...((await roomLog.state(`room:${roomId}`))?.members.keys() ?? []),
    ],
  };
}
