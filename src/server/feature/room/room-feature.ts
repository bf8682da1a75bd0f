import { create } from '@bufbuild/protobuf';
import { type JoinRoom, JoinRoomSchema, LeaveReason } from '../../../../gen/parley/signal/v1/room_pb.ts';
import {
  ReplayingSchema,
  ResumedRoomSchema,
  type StreamPosition,
  StreamPositionSchema,
} from '../../../../gen/parley/signal/v1/session_pb.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { decideClose, decideKick, decideLeave } from '../../domain/departure.ts';
import { decideUpdatePeer, decideUpdateRoom } from '../../domain/description.ts';
import { snapshotOf } from '../../domain/room-view.ts';
import { type ClientFrameView, decodeBody, type FrameKind } from '../../frame/client-frame.ts';
import { type Decided, type Decision, decideAndCommit, wasApplied } from '../../port/decision.ts';
import type { Source, StreamState } from '../../port/room-log.ts';
import type { JoinRecord } from '../../port/session-store.ts';
import type { TokenVerifier } from '../../port/token-verifier.ts';
import type { Answer } from '../../session/answer.ts';
import type { Handler } from '../../session/handler.ts';
import type { RoomLosses, RoomOnSignIn, RoomsOnSignIn } from '../../session/returning.ts';
import type { LastKnown, RoomMembership, Session } from '../../session/session.ts';
import { AdmissionDesk } from './admission.ts';
import { derivedId } from './derived-id.ts';
import { RoomEntry, type RoomEntryOptions } from './room-entry.ts';
import { RoomFollower, type RoomFollowerOptions } from './room-follower.ts';
import { RoomRestore, type RoomRestoreOptions } from './room-restore.ts';
import { RoomReturn, refusedRoom } from './room-return.ts';
import { RoomSettling } from './room-settling.ts';

export type RoomFeatureOptions = Omit<RoomEntryOptions, 'desk' | 'follower' | 'isSettling'> &
  RoomFollowerOptions &
  Pick<RoomRestoreOptions, 'settleMs'> & { readonly verifier: TokenVerifier };

/** What takes from the room's rate; what a host decides about others does not, least of all in a room that is flooded. */
const rated: ReadonlySet<FrameKind> = new Set<FrameKind>(['updateRoom', 'updatePeer']);

/** Rooms: who is in them, what they and their peers say of themselves, and their end. */
export class RoomFeature implements RoomsOnSignIn, RoomLosses {
  readonly #options: RoomFeatureOptions;
  readonly #entry: RoomEntry;
  readonly #return: RoomReturn;
  readonly #settling: RoomSettling;
  readonly #restore: RoomRestore;
  readonly #follower: RoomFollower;

  readonly handlers = {
    joinRoom: (session, frame) => this.#join(session, frame),
    leaveRoom: (session, frame) => this.#leave(session, frame),
    getRoom: (session, frame) => this.#get(session, frame),
    updateRoom: (session, frame) => {
      const { roomId, metadata } = decodeBody(frame, 'updateRoom');
      return this.#change(session, frame, roomId, (state, peerId) =>
        decideUpdateRoom(state, peerId, metadata),
      );
    },
    updatePeer: (session, frame) => {
      const { roomId, attributes } = decodeBody(frame, 'updatePeer');
      return this.#change(session, frame, roomId, (state, peerId) =>
        decideUpdatePeer(state, peerId, attributes),
      );
    },
    kickPeer: (session, frame) => {
      const { roomId, peerId: target } = decodeBody(frame, 'kickPeer');
      return this.#change(session, frame, roomId, (state, peerId) => decideKick(state, peerId, target));
    },
    closeRoom: (session, frame) => {
      const { roomId } = decodeBody(frame, 'closeRoom');
      return this.#change(session, frame, roomId, (state, peerId) =>
        decideClose(state, peerId, 'closed by its host'),
      );
    },
    replay: (session, frame) => this.#replay(session, frame),
  } satisfies Partial<Record<FrameKind, Handler>>;

  constructor(options: RoomFeatureOptions) {
    this.#options = options;
    const onLost = (session: Session, roomId: string) => void this.#lostFeed(session, roomId);
    const follower = new RoomFollower({ ...options, onLost });
    const desk = new AdmissionDesk(options.directory, options.verifier);
    this.#follower = follower;
    const isSettling = (roomId: string) => this.#restore.isSettling(roomId);
    this.#entry = new RoomEntry({ ...options, desk, follower, isSettling });
    this.#return = new RoomReturn({ ...options, follower });
    this.#settling = new RoomSettling(this.#return, options.clock, options.settleMs);
    this.#restore = new RoomRestore({ ...options, roomReturn: this.#return });
  }

  async comeBack(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): Promise<RoomOnSignIn> {
    return orError(roomId, () => this.#settling.comeBack(session, roomId, held, position));
  }

  hasLost(session: Session, roomId: string): Promise<boolean> {
    return this.#restore.hasLost(session, roomId);
  }

  lossNoticed(): void {
    this.#restore.lossNoticed();
  }

  async joinByPath(session: Session, roomId: string, peerId: string): Promise<RoomOnSignIn> {
    return orError(roomId, async () => {
      // The path is no frame: it comes before the first, whose id is 1 or more.
      const request = create(JoinRoomSchema, { roomId, peerId });
      const { joined, follow } = await this.#entry.join(session, request, session.source(0));
      const room = create(ResumedRoomSchema, { roomId, created: joined.created });
      if (joined.room !== undefined) room.outcome = { case: 'snapshot', value: joined.room };
      return { room, afterWelcome: follow };
    });
  }

  #join(session: Session, frame: ClientFrameView): Promise<Answer> {
    const asked = decodeBody(frame, 'joinRoom');
    const roomId = asked.roomId || derivedId('room', session.sessionId, frame.id);
    return this.#inTurn(session, roomId, async () => {
      const request: JoinRoom = { ...asked, roomId };
      const { joined, follow } = await this.#entry.join(session, request, session.source(frame.id));
      return { result: { case: 'roomJoined', value: joined }, afterReply: follow };
    });
  }

  #leave(session: Session, frame: ClientFrameView): Promise<Answer> {
    const { roomId } = decodeBody(frame, 'leaveRoom');
    return this.#inTurn(session, roomId, async () => {
      const decided = await this.#decide(roomId, session.source(frame.id), (state) =>
        decideLeave(state, session, LeaveReason.LEFT),
      );
      // A member that the store has lost would be put back.
      if (decided.kind === 'done' && session.rooms.has(roomId) && (await this.hasLost(session, roomId)))
        session.assertSettled(roomId);
      if (decided.kind === 'committed') session.log.info('room.leave', { room: roomId, reason: 'LEFT' });
      return plainSuccess(decided);
    });
  }

  #get(session: Session, frame: ClientFrameView): Promise<Answer> {
    const { roomId } = decodeBody(frame, 'getRoom');
    session.assertSettled(roomId);
    return this.#inTurn(session, roomId, async () => {
      const held = membership(session, roomId);
      const standing = await this.#follower.snapshot(session, held);
      if (standing === undefined) throw notInRoom();
      const { state, room } = standing;
      return {
        result: {
          case: 'room',
          value: snapshotOf(roomId, state, room, held.peerId, this.#restore.isSettling(roomId)),
        },
        afterReply: () => held.feed.release(),
      };
    });
  }

  #change(
    session: Session,
    frame: ClientFrameView,
    roomId: string,
    decide: (state: StreamState | undefined, peerId: string) => Decision,
  ): Promise<Answer> {
    session.assertSettled(roomId);
    return this.#inTurn(session, roomId, async () => {
      const { peerId, lastKnown } = membership(session, roomId);
      const source = session.source(frame.id);
      const roomBusyMs = rated.has(frame.kind) ? session.limits.takeOfRoom(roomId, frame.body.length) : 0;
      if (roomBusyMs > 0) {
        const again = await wasApplied(this.#options.roomLog, `room:${roomId}`, source);
        return again ? { again } : { roomBusyMs };
      }
      let decision: Decision | undefined;
      const decided = await this.#decide(roomId, source, (state) => {
        decision = decide(state, peerId);
        return decision;
      });
      noteOwn(lastKnown, peerId, decision);
      return plainSuccess(decided);
    });
  }

  #replay(session: Session, frame: ClientFrameView): Promise<Answer> {
    const { after = create(StreamPositionSchema) } = decodeBody(frame, 'replay');
    session.assertSettled(after.stream);
    return this.#inTurn(session, after.stream, async () => {
      const held = membership(session, after.stream);
      const { room, follow } = await this.#return.replay(session, held, after);
      return { result: { case: 'replaying', value: create(ReplayingSchema, { room }) }, afterReply: follow };
    });
  }

  /** A refusal that a loss of the store may have led to is told as that, where it did. */
  #inTurn(session: Session, roomId: string, task: () => Promise<Answer>): Promise<Answer> {
    return session.turns.take(roomId, async () => {
      try {
        return await task();
      } catch (thrown) {
        const error = SignalError.from(thrown);
        const isInDoubt = error.code === ErrorCode.OUTCOME_UNKNOWN;
        const { code } = isInDoubt ? SignalError.from(error.cause) : error;
        if (ofLosses.has(code) && (await this.hasLost(session, roomId)) && !isInDoubt)
          session.assertSettled(roomId);
        throw thrown;
      }
    });
  }

  /** A feed has stopped, as the log does not have what follows. */
  async #lostFeed(session: Session, roomId: string): Promise<void> {
    const isLost = await this.hasLost(session, roomId).catch(() => false);
    if (!isLost && session.connected) session.tooSlow('what the client has not read is no longer kept');
  }

  #decide(roomId: string, source: Source, decide: (state: StreamState | undefined) => Decision) {
    return decideAndCommit(this.#options.roomLog, `room:${roomId}`, source, decide);
  }
}

/** What a request may be refused with because the store has lost the room, or a part of it. */
const ofLosses: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.NOT_IN_ROOM,
  ErrorCode.PEER_NOT_FOUND,
  ErrorCode.ROOM_NOT_FOUND,
]);

/** Keeps what a commit of its own made of a membership. */
function noteOwn(lastKnown: LastKnown, peerId: string, decision: Decision | undefined): void {
  if (decision?.kind !== 'commit') return;
  for (const change of decision.changes)
    if (change.kind === 'update-member' && change.peerId === peerId) lastKnown.memberInfo = change.info;
}

function membership(session: Session, roomId: string): RoomMembership {
  const held = session.rooms.get(roomId);
  if (held === undefined) throw notInRoom();
  return held;
}

function plainSuccess(decided: Decided): Answer {
  return { again: decided.kind === 'done' || decided.again };
}

function notInRoom(): SignalError {
  return new SignalError(ErrorCode.NOT_IN_ROOM, 'the session is no member of the room');
}

async function orError(roomId: string, enter: () => Promise<RoomOnSignIn>): Promise<RoomOnSignIn> {
  try {
    return await enter();
  } catch (error) {
    return { room: refusedRoom(roomId, SignalError.from(error)), afterWelcome: () => undefined };
  }
}
