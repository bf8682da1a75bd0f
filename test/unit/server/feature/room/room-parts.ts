import { create, fromBinary } from '@bufbuild/protobuf';
import { type RoomAccess, RoomRecordSchema } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { EventSchema } from '../../../../../gen/parley/signal/v1/frame_pb.ts';
import { MemoryRoomLog } from '../../../../../src/server/adapter/memory/memory-room-log.ts';
import { MemorySessionStore } from '../../../../../src/server/adapter/memory/memory-session-store.ts';
import { RoomFeature } from '../../../../../src/server/feature/room/room-feature.ts';
import type { OutgoingFrame } from '../../../../../src/server/frame/outgoing-frame.ts';
import { RoomLeaver } from '../../../../../src/server/liveness/room-leaver.ts';
import type { JoinDecision } from '../../../../../src/server/port/directory.ts';
import { Acknowledger } from '../../../../../src/server/session/acknowledger.ts';
import { Session } from '../../../../../src/server/session/session.ts';
import { SessionKeeper } from '../../../../../src/server/session/session-keeper.ts';
import { StreamFeed } from '../../../../../src/server/session/stream-feed.ts';
import { StreamTails } from '../../../../../src/server/session/stream-tail.ts';
import { FakeClock } from '../../../../contract/fake-clock.ts';
import { quietLog } from '../../../quiet-log.ts';
import { identityOf, usualLimits, usualSecret } from '../../session/usual-options.ts';
import { HeldRoomLog } from './held-room-log.ts';
import { LosableSessionStore } from './losable-session-store.ts';

/** How long a room settles after a loss. */
export const settleMs = 3_000;

/** The room feature with what it stands on, in memory. Each room's policy is the one given. */
export function roomParts(policy: {
  readonly access?: RoomAccess;
  readonly creatorIsHost?: boolean;
  readonly permissions?: { readonly relay: boolean };
}) {
  const clock = new FakeClock();
  const roomLog = new HeldRoomLog(
    () => new MemoryRoomLog({ clock: new FakeClock(), keepMs: 60_000, maxBytes: 1_000_000, emptyGraceMs: 0 }),
  );
  const store = new LosableSessionStore(() => new MemorySessionStore({ clock, endedKeepMs: 60_000 }));
  const keeper = new SessionKeeper(store);
  /** What went out to clients. */
  const sent: OutgoingFrame[] = [];
  /** With which codes connections were closed. */
  const closes: number[] = [];
  /** Questions whether a user may enter that nobody has answered yet. */
  const questions: ((decision: JoinDecision) => void)[] = [];
  const record = create(RoomRecordSchema, {
    policy: { createOnJoin: true, ...policy },
  });
  const tails = new StreamTails({ log: roomLog, clock, logger: quietLog });
  const unasked = () => Promise.reject(new Error('no token is asked for'));
  const rooms = new RoomFeature({
    roomLog,
    directory: {
      getRoom: (roomId) => Promise.resolve({ ...record, roomId }),
      authorizeJoin: () => new Promise((resolve) => void questions.push(resolve)),
      getUser: () => Promise.resolve(undefined),
    },
    verifier: { verify: unasked, verifyJoinToken: unasked },
    presence: { renew: () => undefined },
    tails,
    makeFeed: (feed) => new StreamFeed(feed),
    clock,
    keeper,
    settleMs,
  });
  const leaver = new RoomLeaver(roomLog, store, quietLog);

  return {
    clock,
    sent,
    closes,
    roomLog,
    tails,
    store,
    keeper,
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
      const [record] = await store.sessions(userId);
      return new Session({
        ref,
        gen,
        node: 'a',
        joins: record?.rooms ?? new Map(),
        identity: identityOf(userId),
        ...usualSecret,
        wire: {
          send: (frame) => void sent.push(frame),
          close: (code) => void closes.push(code),
          bufferedBytes: 0,
          onDrain: () => undefined,
        },
        clock,
        log: quietLog,
        ...usualLimits(),
        acknowledger: new Acknowledger(clock, 40),
      });
    },
    /** The rooms that the records of a user's sessions name, and as whom. */
    namedRooms: async (userId: string): Promise<string[]> =>
      (await store.sessions(userId)).flatMap(({ rooms: named }) =>
        Array.from(named, ([roomId, { peerId }]) => `${roomId} as ${peerId}`),
      ),
    /** What the room's log tells all. */
    events: async (roomId: string): Promise<(string | undefined)[]> => {
      const { epoch = 0 } = (await roomLog.state(`room:${roomId}`))?.head ?? {};
      const read = await roomLog.read(`room:${roomId}`, { epoch, offset: 0 }, 1_000_000);
      return read.good ? read.entries.map(({ body }) => fromBinary(EventSchema, body).body.case) : [];
    },
    /** Ends a session and takes it out of its rooms. */
    end: async (session: Session): Promise<void> => {
      const ended = await store.end(session, session.gen, 'signed-out');
      if (ended === undefined) throw new Error('the session has not ended');
      await leaver.finish(ended);
    },
    members: async (roomId: string): Promise<string[]> => [
      ...((await roomLog.state(`room:${roomId}`))?.members.keys() ?? []),
    ],
  };
}
