import type { Emitter } from '../emitter.ts';
import type { RoomAnnouncement, RoomEvents } from './room-events.ts';

export type RelayName = 'offer' | 'answer' | 'candidates' | 'signal';
export type RelayAnnouncement = RoomAnnouncement<RelayName>;

/** Messages that are kept while nobody listens. */
const maxHeld = 512;

export function isRelayName(event: keyof RoomEvents): event is RelayName {
  return event === 'offer' || event === 'answer' || event === 'candidates' || event === 'signal';
}

/**
 * Keeps what other peers said until somebody listens: an offer may come the moment a client is in a room, long before its
 * camera, and so its call, is ready.
 */
export class RelayHold {
  readonly #emitter: Emitter<RoomEvents>;
  #held: RelayAnnouncement[] = [];

  constructor(emitter: Emitter<RoomEvents>) {
    this.#emitter = emitter;
  }

  announce(relay: RelayAnnouncement): void {
    if (this.#emitter.has(relay.event)) {
      this.#emit(relay);
      return;
    }
    if (this.#held.length === maxHeld) this.#held.shift();
    this.#held.push(relay);
  }

  /** Somebody listens to this from now on. */
  heard(event: RelayName): void {
    const due = this.#held.filter((relay) => relay.event === event);
    this.#held = this.#held.filter((relay) => relay.event !== event);
    for (const relay of due) this.#emit(relay);
  }

  /** A peer is gone: nobody waits for what it said. */
  forget(peerId: string): void {
    this.#held = this.#held.filter(({ payload }) => payload.from !== peerId);
  }

  #emit<Name extends RelayName>({ event, payload }: RoomAnnouncement<Name>): void {
    this.#emitter.emit(event, payload);
  }
}
