import { create } from '@bufbuild/protobuf';
import type { Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { type RoomSnapshot, StreamHeadSchema } from '../../../gen/parley/signal/v1/room_pb.ts';
import type { ResumedRoom } from '../../../gen/parley/signal/v1/session_pb.ts';
import { backoffDelayMs } from '../../shared/backoff.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { Emitter } from '../emitter.ts';
import { receivedError } from '../session/received-error.ts';
import { expectResult } from '../session/request.ts';
import type { Position } from '../stream/stream-cursor.ts';
import { StreamReader } from '../stream/stream-reader.ts';
import type { JoinOptions } from './join-options.ts';
import { type LeaveReason, leaveReasonAfter, leaveReasonFrom } from './leave-reason.ts';
import { requestLeave } from './leave-request.ts';
import { RelayHold } from './relay-hold.ts';
import { relayAnnouncement } from './relay-messages.ts';
import { Room } from './room.ts';
import type { RoomAnnouncement, RoomEvents } from './room-events.ts';
import type { RoomLink } from './room-link.ts';
import { RoomState } from './room-state.ts';

export interface MembershipOptions {
  readonly snapshot: RoomSnapshot;
  readonly created: boolean;
  readonly joinOptions: JoinOptions;
  readonly link: RoomLink;
  /** Asks for the room's stream again; the outcome is told to `resumed`. */
  readonly replay: (after: Position) => Promise<void>;
  /** The client is out of the room. Called once. */
  readonly onOut: () => void;
}

/** `returning`: the session ended, and this one is on its way into the room again. */
type Phase = 'in' | 'returning' | 'leaving' | 'out';

/** After this long a room that was settling is asked for again, in milliseconds: who is missing then has left. */
const settlingMs = 5_000;
/** Between joins that fail on the way back into a room. */
const returnBackoff = { firstDelayMs: 300, maxDelayMs: 5_000 };

/** One room's life on this side: feeds its events to its state, and brings it over lost connections and sessions. */
export class RoomMembership {
  readonly room: Room;
  readonly #options: MembershipOptions;
  readonly #state: RoomState;
  readonly #emitter: Emitter<RoomEvents>;
  readonly #relays: RelayHold;
  readonly #reader: StreamReader;
  #phase: Phase = 'in';
  /** Counts ways back, so that one that was overtaken ends. */
  #wayBack = 0;
  #cancelReturn = () => {};
  /** Some of those who are there for the client may not be there. */
  #isSettling = false;
  #cancelRefresh = () => {};
  #leaving: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    const { snapshot, created, link, replay } = options;
    this.#options = options;
    this.#state = new RoomState(snapshot);
    this.#emitter = new Emitter((thrown) => link.onError(thrown));
    this.#relays = new RelayHold(this.#emitter);
    this.#reader = new StreamReader({
      apply: (event) => this.#apply(event),
      replay,
      startAgain: async () => this.#reset(await this.#getRoom()),
      onError: (error) => link.onError(error),
    });
    this.#reader.reset(snapshot.head ?? create(StreamHeadSchema));
    this.room = new Room({
      state: this.#state,
      created,
      emitter: this.#emitter,
      relays: this.#relays,
      link,
      isOut: () => this.#phase === 'out',
      leave: () => this.#leave(),
      refresh: async () => this.refreshed(await this.#getRoom()),
    });
  }

  /** How far the room was read. Undefined: there is nothing to go on from. */
  get position(): Position | undefined {
    return this.#phase === 'in' || this.#phase === 'leaving' ? this.#reader.position : undefined;
  }

  /** A leave was asked for and not answered yet. */
  get isLeaving(): boolean {
    return this.#phase === 'leaving';
  }

  /** Resolves when no leave is on its way (any more), whatever came of it. */
  async leaveSettled(): Promise<void> {
    await this.#leaving?.catch(() => {});
  }

  take(event: Event): void {
    if (this.#phase !== 'out') this.#reader.take(event);
  }

  delivered(position: Position): void {
    this.#reader.delivered(position);
  }

  disconnected(): void {
    this.#stopReturn();
    this.#reader.disconnected();
  }

  /** What became of the room in a resume, a replay, or after settling. Undefined: the session is not in it. */
  resumed(outcome: ResumedRoom['outcome'] | undefined): void {
    if (this.#phase === 'returning') {
      this.returnToRoom();
      return;
    }
    switch (outcome?.case) {
      case 'settling':
        this.#options.link.hold(this.#state.id);
        return;
      case 'recovered':
        this.#options.link.release(this.#state.id);
        this.#reader.recovered();
        return;
      case 'snapshot':
        this.#options.link.release(this.#state.id);
        this.#reset(outcome.value);
        return;
      case 'error':
        this.#refused(receivedError(outcome.value));
        return;
      case undefined:
        this.#refused(new SignalError(ErrorCode.NOT_IN_ROOM, 'the session is not in the room any more'));
    }
  }

  /** Whether the room was read in an epoch that did not go on: what was asked of it then may have had an effect that is forgotten. */
  isBeforeLoss({ head }: RoomSnapshot): boolean {
    const { position } = this.#reader;
    return position !== undefined && position.epoch !== head?.epoch;
  }

  /** A later snapshot of the same membership; the events up to its head may still be on their way. */
  refreshed(snapshot: RoomSnapshot): void {
    if (this.#isOut()) return;
    const isNewer = (snapshot.head?.offset ?? 0) >= (this.#reader.position?.offset ?? 0);
    if (isNewer) this.#update(snapshot);
    else if (this.#isSettling) this.#refreshLater();
  }

  /** The session ended: goes into the room again by the one that began. */
  returnToRoom(): void {
    if (this.#phase === 'leaving' || this.#phase === 'out') return;
    this.#stopReturn();
    this.#phase = 'returning';
    this.#reader.suspend();
    this.#options.link.hold(this.#state.id);
    void this.#comeBack(this.#wayBack, this.#state.ownPeerId, 0);
  }

  /** The client is out of the room, for good. */
  end(reason: LeaveReason, error?: SignalError): void {
    if (this.#phase === 'out') return;
    this.#phase = 'out';
    this.#stopReturn();
    this.#cancelRefresh();
    const notIn = new SignalError(ErrorCode.NOT_IN_ROOM, 'the client is not in the room any more');
    this.#options.link.release(this.#state.id, error ?? notIn);
    this.#options.onOut();
    this.#emitter.emit('left', error === undefined ? { reason } : { reason, error });
  }

  async #comeBack(attempt: number, peerId: string, tries: number): Promise<void> {
    const { link, joinOptions } = this.#options;
    const attributes = { ...this.room.self?.attributes };
    const joinToken = joinOptions.joinToken ?? '';
    try {
      const result = await link.request(
        { case: 'joinRoom', value: { roomId: this.#state.id, peerId, attributes, joinToken } },
        { outlives: 'connection', urgent: true },
      );
      if (attempt !== this.#wayBack) return;
      const { room } = expectResult(result, 'roomJoined');
      if (room === undefined) throw new SignalError(ErrorCode.INTERNAL, 'the server joined without a room');
      this.#phase = 'in';
      this.#reset(room);
      link.release(this.#state.id);
    } catch (thrown) {
      if (attempt !== this.#wayBack) return;
      const error = SignalError.from(thrown);
      // The session of before may still hold the peer id for a moment.
      const nextPeerId = error.code === ErrorCode.PEER_ID_TAKEN && peerId !== '' ? '' : peerId;
      if (nextPeerId === peerId && !error.retryable) {
        this.end('unknown', error);
        return;
      }
      const delayMs = Math.max(backoffDelayMs(returnBackoff, tries), error.retryAfterMs);
      this.#cancelReturn = link.clock.after(
        delayMs,
        () => void this.#comeBack(attempt, nextPeerId, tries + 1),
      );
    }
  }

  #stopReturn(): void {
    this.#wayBack += 1;
    this.#cancelReturn();
  }

  #refused(error: SignalError): void {
    if (this.#phase === 'leaving') return;
    if (error.retryable) this.returnToRoom();
    else this.end(leaveReasonAfter(error, 'unknown'), error);
  }

  async #leave(): Promise<void> {
    if (this.#phase === 'out') return;
    this.#leaving ??= this.#sendLeave();
    await this.#leaving;
  }

  async #sendLeave(): Promise<void> {
    const { link } = this.#options;
    this.#stopReturn();
    link.release(this.#state.id);
    this.#phase = 'leaving';
    try {
      await requestLeave(link.request, this.#state.id, () => this.#phase === 'leaving');
    } catch (thrown) {
      const error = SignalError.from(thrown);
      // With its session, the membership ended too.
      if (error.code !== ErrorCode.OUTCOME_UNKNOWN && !this.#isOut()) {
        this.#phase = 'in';
        this.#leaving = undefined;
        throw error;
      }
    }
    this.end('left');
  }

  #isOut(): boolean {
    return this.#phase === 'out';
  }

  async #getRoom(): Promise<RoomSnapshot> {
    const { link } = this.#options;
    const roomId = this.#state.id;
    const result = await link.request(
      { case: 'getRoom', value: { roomId } },
      { outlives: 'client', room: roomId },
    );
    return expectResult(result, 'room');
  }

  #reset(snapshot: RoomSnapshot): void {
    if (this.#isOut()) return;
    this.#update(snapshot);
    this.#emitter.emit('reset', { recovered: false });
    this.#reader.reset(snapshot.head ?? create(StreamHeadSchema));
  }

  #update(snapshot: RoomSnapshot): void {
    this.#announce(this.#state.update(snapshot));
    this.#isSettling = snapshot.settling;
    this.#cancelRefresh();
    if (snapshot.settling) this.#refreshLater();
  }

  /** Until the room has settled, so that nobody stays who is not there. */
  #refreshLater(): void {
    const { link } = this.#options;
    const again = (thrown: unknown) => {
      link.onError(thrown);
      if (this.#phase !== 'out') this.#refreshLater();
    };
    this.#cancelRefresh();
    this.#cancelRefresh = link.clock.after(
      settlingMs,
      () => void this.#getRoom().then((snapshot) => this.refreshed(snapshot), again),
    );
  }

  #apply(event: Event): void {
    const { body } = event;
    if (body.case === 'relay') {
      const relay = relayAnnouncement(body.value);
      if (relay !== undefined) this.#relays.announce(relay);
    } else if (body.case !== 'peerLeft' || body.value.peerId !== this.#state.ownPeerId) {
      this.#announce(this.#state.apply(event));
    }
    this.#emitter.emit('event', event);
    if (body.case === 'roomClosed') this.end('room_closed');
    if (body.case === 'peerLeft' && body.value.peerId === this.#state.ownPeerId) {
      this.end(leaveReasonFrom(body.value.reason));
    }
  }

  #announce(announcements: readonly RoomAnnouncement[]): void {
    for (const announcement of announcements) {
      if (announcement.event === 'peer_left') this.#relays.forget(announcement.payload.peer.peerId);
      this.#emit(announcement);
    }
  }

  #emit<Name extends keyof RoomEvents>({ event, payload }: RoomAnnouncement<Name>): void {
    this.#emitter.emit(event, payload);
  }
}
