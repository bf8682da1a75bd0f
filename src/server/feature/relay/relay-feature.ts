import type { Clock } from '../../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { relayCommit } from '../../domain/relay.ts';
import type { ClientFrameView, FrameKind } from '../../frame/client-frame.ts';
import { type RelayView, readRelay, relayEvent } from '../../frame/relay.ts';
import { commitError, outcomeUnknown, wasApplied } from '../../port/decision.ts';
import type { Metrics } from '../../port/metrics.ts';
import type { CommitResult, RoomLog, StreamName } from '../../port/room-log.ts';
import type { Answer } from '../../session/answer.ts';
import type { Handler } from '../../session/handler.ts';
import type { RoomLosses } from '../../session/returning.ts';
import type { Session } from '../../session/session.ts';
import { CorrelationIds } from './correlation-ids.ts';

const logNames = {
  offer: 'relay.offer',
  answer: 'relay.answer',
  candidates: 'relay.candidate',
  signal: 'relay.signal',
} as const;

/** As they stand in the metrics. */
const typeNames = { offer: 'offer', answer: 'answer', candidates: 'candidate', signal: 'signal' } as const;

/** What one peer says to one other: its bytes go into the room's log as they came, and from there to the receiver. */
export class RelayFeature {
  readonly #log: RoomLog;
  readonly #rooms: RoomLosses;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #correlationIds = new CorrelationIds();

  readonly handlers = {
    relay: (session, frame) => {
      const relay = readRelay(frame.body);
      const turn = session.turns.pending(relay.roomId);
      if (turn === undefined) return this.#relay(session, frame, relay);
      session.assertSettled(relay.roomId);
      const returning = session.returning.get(relay.roomId);
      return turn.then(async () => {
        // It may be sent again, and have had its effect in what was lost.
        if (await returning)
          throw new SignalError(ErrorCode.OUTCOME_UNKNOWN, 'the store lost what the room remembered');
        return this.#relay(session, frame, relay);
      });
    },
  } satisfies Partial<Record<FrameKind, Handler>>;

  constructor(log: RoomLog, rooms: RoomLosses, clock: Clock, metrics: Metrics) {
    this.#log = log;
    this.#rooms = rooms;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  #relay(session: Session, frame: ClientFrameView, relay: RelayView): Answer | Promise<Answer> {
    const startMs = this.#clock.monotonicMs();
    const from = session.rooms.get(relay.roomId);
    if (from === undefined) return this.#fromOutside(session, frame.id, relay.roomId);
    if (!from.permissions.relay)
      throw new SignalError(ErrorCode.PERMISSION_DENIED, 'the peer may not relay in this room');
    const roomBusyMs = session.limits.takeOfRoom(from.roomId, frame.body.length);
    if (roomBusyMs > 0) return this.#overRate(session, frame.id, from.stream, roomBusyMs);
    const correlationId = this.#correlationIds.next();
    const body = relayEvent(from.peerId, correlationId, relay.body, frame.traceparent);
    const commit = relayCommit(session.source(frame.id), from, relay.to, body);
    const name = session.log.debugEnabled ? correlationId.toString('latin1') : undefined;
    const done = (result: CommitResult) => {
      if (isNoMember(result)) return this.#fromLost(session, relay.roomId, result);
      if (wasAppliedBefore(result)) return again;
      this.#metrics.relayed(this.#clock.monotonicMs() - startMs);
      this.#metrics.handled(typeNames[relay.kind]);
      if (name !== undefined) this.#logRelay(session, relay, from.peerId, name);
      return success;
    };
    const result = this.#log.commit(from.stream, commit);
    return result instanceof Promise ? result.then(done) : done(result);
  }

  /** A session that is not in the room may have been when it first sent this, and then left: the log knows what it applied. */
  async #fromOutside(session: Session, requestId: number, roomId: string): Promise<Answer> {
    if (await wasApplied(this.#log, `room:${roomId}`, session.source(requestId))) return again;
    throw new SignalError(ErrorCode.NOT_IN_ROOM, 'the session is no member of the room');
  }

  /** The log does not know the sender, which this node does: the log may have lost it. */
  async #fromLost(session: Session, roomId: string, refused: RefusedCommit): Promise<Answer> {
    const isLost = await this.#rooms.hasLost(session, roomId);
    if (isLost && refused.inDoubt !== true) session.assertSettled(roomId);
    throw refusal(refused);
  }

  /** What is dropped had no effect, also where a connection that is lost sent it first. */
  async #overRate(
    session: Session,
    requestId: number,
    stream: StreamName,
    roomBusyMs: number,
  ): Promise<Answer> {
    return (await wasApplied(this.#log, stream, session.source(requestId))) ? again : { roomBusyMs };
  }

  #logRelay(session: Session, relay: RelayView, from: string, correlationId: string): void {
    const { roomId, to, kind, body } = relay;
    session.log.debug(logNames[kind], { correlationId, room: roomId, from, to, bytes: body.length });
  }
}

type RefusedCommit = CommitResult & { readonly outcome: 'refused' };

function isNoMember(result: CommitResult): result is RefusedCommit {
  return result.outcome === 'refused' && result.failed.otherwise === ErrorCode.NOT_IN_ROOM;
}

const success: Answer = {};
const again: Answer = { again: true };

/** Whether a relay that had its effect had it before already. Throws where it had none. */
function wasAppliedBefore(result: CommitResult): boolean {
  if (result.outcome === 'refused') throw refusal(result);
  if (result.outcome !== 'applied') throw commitError(result.outcome);
  return result.again;
}

function refusal({ failed, inDoubt }: RefusedCommit): SignalError {
  const error =
    failed.otherwise === ErrorCode.PEER_NOT_FOUND
      ? new SignalError(ErrorCode.PEER_NOT_FOUND, 'no member of the room has this peer id')
      : new SignalError(failed.otherwise, 'the session is no member of the room');
  return inDoubt === true ? outcomeUnknown(error) : error;
}
