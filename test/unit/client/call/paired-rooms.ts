import type { CallLink, CallRoom } from '../../../../src/client/call/call-room.ts';
import { Emitter } from '../../../../src/client/emitter.ts';
import type { IceServer } from '../../../../src/client/index.ts';
import type { Peer } from '../../../../src/client/room/peer.ts';
import type { RoomAnnouncement, RoomEvents } from '../../../../src/client/room/room-events.ts';
import { systemClock } from '../../../../src/shared/clock.ts';

/** A room of two as one of them has it, without a server between them. */
export class PairedRoom implements CallRoom {
  readonly peers = new Map<string, Peer>();
  self: Peer;
  other: PairedRoom | undefined;
  readonly emitter = new Emitter<RoomEvents>((thrown) => {
    throw thrown;
  });

  constructor(self: Peer) {
    this.self = self;
    this.peers.set(self.peerId, self);
  }

  /** How many of each were sent. */
  readonly sent = { offer: 0, answer: 0, candidates: 0 };

  async sendOffer(
    _to: string,
    { sdp, negotiation = 0 }: { sdp: string; negotiation?: number },
  ): Promise<void> {
    await this.#tell({ event: 'offer', payload: { ...this.#relayed(), sdp, negotiation } });
  }

  async sendAnswer(
    _to: string,
    { sdp, negotiation = 0 }: { sdp: string; negotiation?: number },
  ): Promise<void> {
    await this.#tell({ event: 'answer', payload: { ...this.#relayed(), sdp, negotiation } });
  }

  async sendCandidates(_to: string, batch: Parameters<CallRoom['sendCandidates']>[1]): Promise<void> {
    const payload = { endOfCandidates: false, negotiation: 0, ...batch, ...this.#relayed() };
    await this.#tell({ event: 'candidates', payload });
  }

  on<Name extends keyof RoomEvents>(event: Name, listener: (payload: RoomEvents[Name]) => void): () => void {
    return this.emitter.on(event, listener);
  }

  #relayed() {
    return { from: this.self.peerId, correlationId: '' };
  }

  async #tell<Name extends 'offer' | 'answer' | 'candidates'>(said: RoomAnnouncement<Name>): Promise<void> {
    this.sent[said.event] += 1;
    await new Promise(setImmediate);
    this.other?.emitter.emit(said.event, said.payload);
  }
}

/** A client that can be given other ICE servers. */
export class PairedLink implements CallLink {
  readonly clock = systemClock;
  readonly errors: unknown[] = [];
  servers: readonly IceServer[] = [];
  readonly #listeners = new Set<() => void>();

  onError(error: unknown): void {
    this.errors.push(error);
  }

  iceServers(): readonly IceServer[] {
    return this.servers;
  }

  onIceServers(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  renew(servers: readonly IceServer[]): void {
    this.servers = servers;
    for (const listener of this.#listeners) listener();
  }
}

export function member(peerId: string, joinedOffset: number, isSelf = false): Peer {
  return {
    peerId,
    userId: peerId,
    displayName: '',
    avatarUrl: '',
    attributes: {},
    permissions: { publish: true, subscribe: true, chat: true, relay: true, host: false },
    joinedOffset,
    joinedAt: new Date(joinedOffset),
    isSelf,
  };
}

/** Two who know each other: the earlier and the later. */
export function pairRooms(): readonly [PairedRoom, PairedRoom] {
  const earlier = new PairedRoom(member('a', 1, true));
  const later = new PairedRoom(member('b', 2, true));
  earlier.peers.set('b', member('b', 2));
  later.peers.set('a', member('a', 1));
  earlier.other = later;
  later.other = earlier;
  return [earlier, later];
}
