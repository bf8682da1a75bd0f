import type { Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import {
  RoomMode as ModeCode,
  type ActiveModule as ModuleMessage,
  type Peer as PeerMessage,
  type RoomSnapshot,
} from '../../../gen/parley/signal/v1/room_pb.ts';
import { type LeaveReason, leaveReasonFrom } from './leave-reason.ts';
import { isSameMembership, type Peer, peerFrom } from './peer.ts';
import type { ActiveModule, RoomAnnouncement, RoomMode } from './room-events.ts';

/** A room as the client knows it: a snapshot with the events since. Each change gives what is to be announced. */
export class RoomState {
  readonly id: string;
  #createdAt: Date;
  #mode: RoomMode;
  #metadata: Readonly<Record<string, string>>;
  #modules: readonly ActiveModule[];
  #ownPeerId: string;
  readonly #peers = new Map<string, Peer>();

  constructor(snapshot: RoomSnapshot) {
    this.id = snapshot.roomId;
    this.#createdAt = createdAt(snapshot);
    this.#mode = modeFrom(snapshot.mode);
    this.#metadata = { ...snapshot.metadata };
    this.#modules = snapshot.modules.map(moduleFrom);
    this.#ownPeerId = snapshot.ownPeerId;
    for (const peer of snapshot.peers) this.#peers.set(peer.peerId, peerFrom(peer, this.#ownPeerId));
  }

  get createdAt(): Date {
    return this.#createdAt;
  }

  get mode(): RoomMode {
    return this.#mode;
  }

  get metadata(): Readonly<Record<string, string>> {
    return this.#metadata;
  }

  get modules(): readonly ActiveModule[] {
    return this.#modules;
  }

  get ownPeerId(): string {
    return this.#ownPeerId;
  }

  /** The members, in the order of their joins. */
  get peers(): ReadonlyMap<string, Peer> {
    return this.#peers;
  }

  /** The room as a later snapshot has it. Announces the differences; where it is settling, who is missing may yet be there, and stays. */
  update(snapshot: RoomSnapshot): RoomAnnouncement[] {
    const before = new Map(this.#peers);
    this.#ownPeerId = snapshot.ownPeerId;
    this.#createdAt = createdAt(snapshot);
    this.#peers.clear();
    for (const peer of snapshot.peers) this.#peers.set(peer.peerId, peerFrom(peer, this.#ownPeerId));
    if (snapshot.settling) this.#keepMissing(before);
    return [
      ...peerDifferences(before, this.#peers),
      ...this.#setMetadata(snapshot.metadata),
      ...this.#setMode(snapshot.mode),
      ...this.#setModules(snapshot.modules.map(moduleFrom)),
    ];
  }

  /** What an event changes. Events about the client's own membership are the caller's business. */
  apply({ body, offset }: Event): RoomAnnouncement[] {
    switch (body.case) {
      case 'peerJoined':
        return this.#join(body.value.peer, offset);
      case 'peerLeft':
        return this.#leave(body.value.peerId, leaveReasonFrom(body.value.reason));
      case 'peerUpdated':
        return this.#updatePeer(body.value.peerId, body.value.attributes);
      case 'roomUpdated':
        return this.#setMetadata(body.value.metadata, body.value.changedBy);
      case 'modeChanged':
        return this.#setMode(body.value.mode);
      case 'roomClosed':
        return this.#close(body.value.reason);
      case 'moduleActivated':
        return this.#setModules([...this.#withoutModule(body.value.moduleId), moduleFrom(body.value)]);
      case 'moduleDeactivated':
        return this.#setModules(this.#withoutModule(body.value.moduleId));
      default:
        return [];
    }
  }

  #keepMissing(before: ReadonlyMap<string, Peer>): void {
    for (const [peerId, peer] of before)
      if (!peer.isSelf && !this.#peers.has(peerId)) this.#peers.set(peerId, peer);
  }

  /** The event's own offset is the peer's number: the message was made before there was one. */
  #join(message: PeerMessage | undefined, joinedOffset: number): RoomAnnouncement[] {
    if (message === undefined) return [];
    const peer = { ...peerFrom(message, this.#ownPeerId), joinedOffset };
    const before = this.#peers.get(peer.peerId);
    if (before !== undefined && isSameMembership(before, peer)) {
      this.#peers.set(peer.peerId, peer);
      return sameRecord(before.attributes, peer.attributes) ? [] : [{ event: 'peer_updated', payload: peer }];
    }
    const left = before === undefined ? [] : this.#leave(peer.peerId, 'unknown');
    this.#peers.set(peer.peerId, peer);
    return [...left, { event: 'peer_joined', payload: peer }];
  }

  #leave(peerId: string, reason: LeaveReason): RoomAnnouncement[] {
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return [];
    this.#peers.delete(peerId);
    return [{ event: 'peer_left', payload: { peer, reason } }];
  }

  #updatePeer(peerId: string, attributes: Record<string, string>): RoomAnnouncement[] {
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return [];
    const updated = { ...peer, attributes: { ...attributes } };
    this.#peers.set(peerId, updated);
    return [{ event: 'peer_updated', payload: updated }];
  }

  #close(reason: string): RoomAnnouncement[] {
    const others = [...this.#peers.values()].filter(({ isSelf }) => !isSelf);
    const left = others.flatMap(({ peerId }) => this.#leave(peerId, 'room_closed'));
    return [...left, { event: 'closed', payload: { reason } }];
  }

  #setMetadata(metadata: Record<string, string>, changedBy = ''): RoomAnnouncement[] {
    if (sameRecord(this.#metadata, metadata)) return [];
    this.#metadata = { ...metadata };
    const by = changedBy === '' ? {} : { changedBy };
    return [{ event: 'updated', payload: { changed: 'metadata', ...by } }];
  }

  #setMode(code: ModeCode): RoomAnnouncement[] {
    const mode = modeFrom(code);
    if (mode === this.#mode) return [];
    this.#mode = mode;
    return [{ event: 'updated', payload: { changed: 'mode' } }];
  }

  #setModules(modules: readonly ActiveModule[]): RoomAnnouncement[] {
    if (sameModules(this.#modules, modules)) return [];
    this.#modules = modules;
    return [{ event: 'updated', payload: { changed: 'modules' } }];
  }

  #withoutModule(moduleId: string): ActiveModule[] {
    return this.#modules.filter((module) => module.moduleId !== moduleId);
  }
}

function peerDifferences(
  before: ReadonlyMap<string, Peer>,
  now: ReadonlyMap<string, Peer>,
): RoomAnnouncement[] {
  const announcements: RoomAnnouncement[] = [];
  for (const peer of before.values()) {
    const same = now.get(peer.peerId);
    if (peer.isSelf || (same !== undefined && isSameMembership(peer, same))) continue;
    announcements.push({ event: 'peer_left', payload: { peer, reason: 'unknown' } });
  }
  for (const peer of now.values()) {
    const earlier = before.get(peer.peerId);
    if (earlier === undefined || !isSameMembership(earlier, peer)) {
      if (!peer.isSelf) announcements.push({ event: 'peer_joined', payload: peer });
    } else if (!sameRecord(earlier.attributes, peer.attributes)) {
      announcements.push({ event: 'peer_updated', payload: peer });
    }
  }
  return announcements;
}

function sameRecord(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

function sameModules(one: readonly ActiveModule[], other: readonly ActiveModule[]): boolean {
  return one.length === other.length && one.every((module, index) => sameModule(module, other[index]));
}

function sameModule(one: ActiveModule, other: ActiveModule | undefined): boolean {
  if (one.moduleId !== other?.moduleId || one.activatedBy !== other.activatedBy) return false;
  return (
    one.state.length === other.state.length && one.state.every((byte, index) => byte === other.state[index])
  );
}

function createdAt(snapshot: RoomSnapshot): Date {
  return new Date(Number(snapshot.createdAtMs));
}

function modeFrom(code: ModeCode): RoomMode {
  return code === ModeCode.SFU ? 'sfu' : 'p2p';
}

function moduleFrom({
  moduleId,
  activatedBy,
  state,
}: Pick<ModuleMessage, 'moduleId' | 'activatedBy' | 'state'>): ActiveModule {
  return { moduleId, activatedBy, state };
}
