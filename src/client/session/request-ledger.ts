import { create, toBinary } from '@bufbuild/protobuf';
import { ClientFrameSchema, type Reply } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { defaultMaxFrameBytes, maxUnanswered } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { PendingRequest } from './pending-request.ts';
import { receivedError } from './received-error.ts';
import type { RequestBody, RequestOptions, RequestResult } from './request.ts';

/** The way of a ledger's frames, for as long as one connection lasts. */
export interface LedgerWire {
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** The bounds of the welcome; 0: the defaults. */
  readonly maxFrameBytes: number;
  readonly maxUnanswered: number;
}

/**
 * The share of the places that only urgent requests may have. While one slow request keeps all places, heartbeats still have to go out,
 * at most one in 2 s for as long as a server lets a request take.
 */
const urgentShare = 1 / 8;

/**
 * The requests of a session: gives them ids, keeps them until they are answered, and sends them again after a resume, in order
 * and under the same ids, so that each takes effect once.
 *
 * Of the unanswered, no two ids are further apart than the server's memory of applied ids reaches.
 */
export class RequestLedger {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  /** On the wire and unanswered, by id, in order. Those whose deadline passed stay until the server answers. */
  readonly #sent = new Map<number, PendingRequest>();
  #urgent: PendingRequest[] = [];
  #waiting: PendingRequest[] = [];
  readonly #heldRooms = new Set<string>();
  #nextId = 1;
  #wire: LedgerWire | undefined;

  constructor(timeoutMs: number, clock: Clock) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /**
   * Asks as soon as there is a connection and a place on it. Rejects with the server's refusal, or DEADLINE_EXCEEDED,
   * OUTCOME_UNKNOWN, FRAME_TOO_LARGE or INVALID_ARGUMENT. The refusal NOT_APPLIED: a later request overtook this one, so that
   * asking anew is the caller's choice, who knows whether it may come behind that one.
   */
  async request(body: RequestBody, options: RequestOptions = {}): Promise<RequestResult> {
    const pending = new PendingRequest(body, options, this.#timeoutMs, this.#clock, () =>
      this.#forget(pending),
    );
    (options.urgent === true ? this.#urgent : this.#waiting).push(pending);
    this.#pump();
    return await pending.promise;
  }

  /** When the oldest request was sent that is unanswered, and that somebody still waits for; by the monotonic clock. */
  get owedSinceMs(): number | undefined {
    for (const pending of this.#sent.values()) if (!pending.settled) return pending.sentAtMs;
    return undefined;
  }

  /** The session goes on over a new connection: what was sent and not answered goes first, as it was. */
  resume(wire: LedgerWire): void {
    this.#wire = wire;
    for (const [id, pending] of this.#sent) {
      if (pending.settled) this.#sent.delete(id);
      else this.#putOnWire(pending, wire);
    }
    this.#pump();
  }

  /**
   * What a room remembered may be lost: whether it took what was sent and not answered is unknown. Before `resume`, so that none of it
   * has its effect twice.
   */
  forsake(room: string): void {
    for (const pending of this.#sent.values()) {
      if (pending.options.room === room && pending.outlives === 'session')
        pending.fail(outcomeUnknown('the store lost what the room remembered'));
    }
  }

  /** A session begins: what was sent in the one before has an unknown outcome, unless asking again does no harm. */
  begin(wire: LedgerWire): void {
    const again = [];
    for (const pending of this.#takeSent()) {
      if (pending.outlives === 'client' && !pending.settled) again.push(pending);
      else pending.fail(outcomeUnknown(sessionEnded));
    }
    this.#waiting.unshift(...again);
    this.#nextId = 1;
    this.#wire = wire;
    this.#pump();
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#wire = undefined;
    const ends = (pending: PendingRequest) => pending.outlives === 'connection';
    const error = new SignalError(ErrorCode.UNAVAILABLE, 'the connection was lost');
    for (const pending of [...this.#sent.values(), ...this.#urgent, ...this.#waiting].filter(ends))
      pending.fail(error);
    this.#urgent = this.#urgent.filter((pending) => !ends(pending));
    this.#waiting = this.#waiting.filter((pending) => !ends(pending));
  }

  /** Nothing will be asked any more: all reject, what was sent with OUTCOME_UNKNOWN. */
  end(error: SignalError): void {
    this.#wire = undefined;
    for (const pending of this.#takeSent()) pending.fail(outcomeUnknown(sessionEnded));
    for (const pending of [...this.#urgent, ...this.#waiting]) pending.fail(error);
    this.#urgent = [];
    this.#waiting = [];
    this.#heldRooms.clear();
  }

  settle(reply: Reply): void {
    const pending = this.#take(reply.replyTo);
    const { result } = reply;
    if (pending !== undefined) {
      if (result.case === 'error') pending.fail(receivedError(result.value));
      else pending.succeed(result);
    }
    this.acknowledge(reply.ackedThrough);
  }

  /** All up to this id that had no reply of their own succeeded. */
  acknowledge(through: number): void {
    for (const id of this.#sent.keys()) {
      if (id > through) break;
      this.#take(id)?.succeed({ case: undefined });
    }
    this.#pump();
  }

  /** These had no effect. */
  drop(ids: readonly number[], error: SignalError): void {
    for (const id of ids) this.#take(id)?.fail(error);
    this.#pump();
  }

  /** Keeps the room's requests back until `release`: the client is on its way into the room again. */
  hold(room: string): void {
    this.#heldRooms.add(room);
  }

  /** With an error, what was kept back rejects with it. */
  release(room: string, error?: SignalError): void {
    this.#heldRooms.delete(room);
    if (error !== undefined) {
      for (const pending of this.#waiting) if (pending.options.room === room) pending.fail(error);
      this.#waiting = this.#waiting.filter((pending) => !pending.settled);
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#wire !== undefined) {
      const next = this.#nextUrgent(this.#wire) ?? this.#nextWaiting(this.#wire);
      if (next === undefined) return;
      this.#send(next, this.#wire);
    }
  }

  #hasPlace(wire: LedgerWire, keptShare: number): boolean {
    const most = Math.min(wire.maxUnanswered === 0 ? maxUnanswered : wire.maxUnanswered, maxUnanswered);
    if (this.#sent.size >= most - Math.floor(most * keptShare)) return false;
    const reach = maxUnanswered * (1 - keptShare);
    for (const [id, pending] of this.#sent) if (!pending.settled) return this.#nextId - id < reach;
    return true;
  }

  #nextUrgent(wire: LedgerWire): PendingRequest | undefined {
    return this.#hasPlace(wire, 0) ? this.#urgent.shift() : undefined;
  }

  #nextWaiting(wire: LedgerWire): PendingRequest | undefined {
    if (!this.#hasPlace(wire, urgentShare)) return undefined;
    const index = this.#waiting.findIndex(({ options }) => !this.#heldRooms.has(options.room ?? ''));
    return index === -1 ? undefined : this.#waiting.splice(index, 1)[0];
  }

  #send(pending: PendingRequest, wire: LedgerWire): void {
    const frame = encode(this.#nextId, pending.body);
    const most = wire.maxFrameBytes === 0 ? defaultMaxFrameBytes : wire.maxFrameBytes;
    if (frame instanceof SignalError) {
      pending.fail(frame);
    } else if (frame.length > most) {
      pending.fail(
        new SignalError(ErrorCode.FRAME_TOO_LARGE, `frame is ${frame.length} bytes, the limit is ${most}`),
      );
    } else {
      pending.id = this.#nextId++;
      pending.frame = frame;
      this.#sent.set(pending.id, pending);
      this.#putOnWire(pending, wire);
    }
  }

  #putOnWire(pending: PendingRequest, wire: LedgerWire): void {
    pending.sentAtMs = this.#clock.monotonicMs();
    wire.send(pending.frame);
  }

  #take(id: number): PendingRequest | undefined {
    const pending = this.#sent.get(id);
    this.#sent.delete(id);
    return pending;
  }

  #takeSent(): PendingRequest[] {
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    return sent;
  }

  #forget(pending: PendingRequest): void {
    const others = (other: PendingRequest) => other !== pending;
    this.#urgent = this.#urgent.filter(others);
    this.#waiting = this.#waiting.filter(others);
    this.#pump();
  }
}

const sessionEnded = 'the session ended before the answer came';

function outcomeUnknown(message: string): SignalError {
  return new SignalError(ErrorCode.OUTCOME_UNKNOWN, message);
}

function encode(id: number, body: RequestBody): Uint8Array<ArrayBuffer> | SignalError {
  try {
    return toBinary(ClientFrameSchema, create(ClientFrameSchema, { id, body }));
  } catch (thrown) {
    return new SignalError(ErrorCode.INVALID_ARGUMENT, 'the request does not fit the schema', {
      cause: thrown,
    });
  }
}
