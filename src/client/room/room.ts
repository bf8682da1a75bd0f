import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Call, CallOptions } from '../call/call.ts';
import { MeshCall } from '../call/mesh-call.ts';
import type { Emitter } from '../emitter.ts';
import type { RequestBody } from '../session/request.ts';
import type { Peer } from './peer.ts';
import { isRelayName, type RelayHold } from './relay-hold.ts';
import { candidatesMessage, type RelayKind } from './relay-messages.ts';
import type {
  ActiveModule,
  CandidateBatch,
  Description,
  RoomEvents,
  RoomMode,
  SignalMessage,
} from './room-events.ts';
import type { RoomLink } from './room-link.ts';
import type { RoomState } from './room-state.ts';

/** The part of a room that its membership keeps. */
export interface RoomInside {
  readonly state: RoomState;
  readonly created: boolean;
  readonly emitter: Emitter<RoomEvents>;
  readonly relays: RelayHold;
  readonly link: RoomLink;
  isOut(): boolean;
  leave(): Promise<void>;
  refresh(): Promise<void>;
}

/**
 * A room that this client is in. It stays itself over lost connections; when it is over, `left` says why.
 *
 * What is asked resolves when the server has it, and rejects with `SignalError`: NOT_IN_ROOM after the room was left,
 * PERMISSION_DENIED without the right, RATE_LIMITED, DEADLINE_EXCEEDED, OUTCOME_UNKNOWN when the session ended meanwhile,
 * NOT_APPLIED when the connection was lost and a later request overtook this one: asked anew, it comes behind that one.
 */
export class Room {
  readonly #inside: RoomInside;
  #call: MeshCall | undefined;

  constructor(inside: RoomInside) {
    this.#inside = inside;
  }

  get id(): string {
    return this.#inside.state.id;
  }

  /** Whether the join of this client made the room. */
  get created(): boolean {
    return this.#inside.created;
  }

  get createdAt(): Date {
    return this.#inside.state.createdAt;
  }

  get mode(): RoomMode {
    return this.#inside.state.mode;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#inside.state.metadata;
  }

  get modules(): readonly ActiveModule[] {
    return this.#inside.state.modules;
  }

  /** The members by peer id, in the order of their joins, this client among them. Kept up to date. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#inside.state.peers;
  }

  get ownPeerId(): string {
    return this.#inside.state.ownPeerId;
  }

  /** This client as the others see it. Undefined after `left`. */
  get self(): Peer | undefined {
    return this.peers.get(this.ownPeerId);
  }

  /** Calls the listener at each event from now on; the returned function ends that. */
  on<Name extends keyof RoomEvents>(event: Name, listener: (payload: RoomEvents[Name]) => void): () => void {
    const stop = this.#inside.emitter.on(event, listener);
    // Not at once: the caller may have more to set up first.
    if (isRelayName(event)) void Promise.resolve().then(() => this.#inside.relays.heard(event));
    return stop;
  }

  /** Sends an offer to one peer. PEER_NOT_FOUND: nobody has this peer id. At most 256 KB. */
  async sendOffer(to: string, { sdp, negotiation = 0 }: Description): Promise<void> {
    await this.#relay(to, { case: 'offer', value: { sdp, negotiation } });
  }

  /** Sends an answer to one peer, with the `negotiation` of its offer. */
  async sendAnswer(to: string, { sdp, negotiation = 0 }: Description): Promise<void> {
    await this.#relay(to, { case: 'answer', value: { sdp, negotiation } });
  }

  async sendCandidates(to: string, batch: CandidateBatch): Promise<void> {
    await this.#relay(to, { case: 'candidates', value: candidatesMessage(batch) });
  }

  /** Sends something opaque to one peer. */
  async sendSignal(to: string, { type, data }: SignalMessage): Promise<void> {
    await this.#relay(to, { case: 'signal', value: { type, data } });
  }

  /** Sets entries of the room's metadata; an empty value removes one. Host right. At most 64 entries and 16 KB in all. */
  async updateMetadata(metadata: Readonly<Record<string, string>>): Promise<void> {
    await this.#request({ case: 'updateRoom', value: { roomId: this.id, metadata: { ...metadata } } });
  }

  /** Sets attributes of this client; an empty value removes one. At most 64 attributes and 16 KB in all. */
  async updateAttributes(attributes: Readonly<Record<string, string>>): Promise<void> {
    await this.#request({ case: 'updatePeer', value: { roomId: this.id, attributes: { ...attributes } } });
  }

  /** Asks the server for the room as it is now, and announces what differed. */
  async refresh(): Promise<void> {
    this.#assertIn();
    await this.#inside.refresh();
  }

  /** Puts a peer out of the room. Host right. */
  async kick(peerId: string): Promise<void> {
    await this.#request({ case: 'kickPeer', value: { roomId: this.id, peerId } });
  }

  /** Ends the room for everyone. Host right. */
  async close(): Promise<void> {
    await this.#request({ case: 'closeRoom', value: { roomId: this.id } });
  }

  /** Leaves the room. Leaving twice is harmless. */
  async leave(): Promise<void> {
    await this.#inside.leave();
  }

  /**
   * Begins a call with all peers of the room, those who are there and those who come. One at a time: INVALID_ARGUMENT while
   * another is open. WRONG_ROOM_MODE unless the room is in mode `p2p`.
   */
  call(options: CallOptions = {}): Call {
    this.#assertIn();
    if (this.mode !== 'p2p') {
      throw new SignalError(ErrorCode.WRONG_ROOM_MODE, 'this client makes calls in rooms of mode p2p only');
    }
    if (this.#call?.isOpen === true) {
      throw new SignalError(ErrorCode.INVALID_ARGUMENT, 'the room has a call: close it before the next');
    }
    this.#call = new MeshCall(this, this.#inside.link, options);
    return this.#call;
  }

  async #relay(to: string, kind: RelayKind): Promise<void> {
    await this.#request({ case: 'relay', value: { roomId: this.id, to, body: { kind } } });
  }

  async #request(body: RequestBody): Promise<void> {
    this.#assertIn();
    await this.#inside.link.request(body, { room: this.id });
  }

  #assertIn(): void {
    if (this.#inside.isOut())
      throw new SignalError(ErrorCode.NOT_IN_ROOM, 'the client is not in the room any more');
  }
}
