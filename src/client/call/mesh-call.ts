import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { Emitter } from '../emitter.ts';
import type { IceServer } from '../ice-server.ts';
import { isSameMembership, type Peer } from '../room/peer.ts';
import type { Call, CallDataChannel, CallEvents, CallOptions, CallPeer, TrackKind } from './call.ts';
import type { CallLink, CallRoom } from './call-room.ts';
import { LocalTracks } from './local-tracks.ts';
import { MeshPeer } from './mesh-peer.ts';
import type { PairMessage } from './negotiator.ts';
import type { RTCPeerConnectionConstructor, Stream, Track } from './rtc-types.ts';

/** A call in which each pair of peers has a connection of its own. */
export class MeshCall implements Call {
  readonly #room: CallRoom;
  readonly #link: CallLink;
  readonly #RTCPeerConnection: RTCPeerConnectionConstructor;
  readonly #iceServers: readonly IceServer[] | undefined;
  readonly #channels: readonly CallDataChannel[];
  readonly #emitter: Emitter<CallEvents>;
  readonly #tracks: LocalTracks;
  readonly #peers = new Map<string, MeshPeer>();
  readonly #stops: (() => void)[];
  #open = true;

  constructor(room: CallRoom, link: CallLink, options: CallOptions) {
    this.#room = room;
    this.#link = link;
    this.#RTCPeerConnection = options.RTCPeerConnection ?? globalPeerConnection();
    this.#iceServers = options.iceServers;
    this.#channels = options.dataChannels ?? [];
    this.#emitter = new Emitter((thrown) => link.onError(thrown));
    this.#tracks = new LocalTracks(options.localStream ?? newStream());
    for (const track of [...(options.localStream?.getTracks() ?? []), ...(options.tracks ?? [])]) {
      this.#tracks.add(track, undefined);
    }
    this.#stops = this.#listen();
    for (const peer of room.peers.values()) this.#enter(peer);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get peers(): ReadonlyMap<string, CallPeer> {
    return this.#peers;
  }

  get tracks(): readonly Track[] {
    return this.#tracks.all;
  }

  addTrack(track: Track, stream?: Stream): void {
    if (!this.#open || this.#tracks.has(track)) return;
    this.#tracks.add(track, stream);
    for (const peer of this.#peers.values()) peer.addTrack(track, this.#tracks.streamOf(track));
  }

  removeTrack(track: Track): void {
    if (!this.#open || !this.#tracks.has(track)) return;
    this.#tracks.remove(track);
    for (const peer of this.#peers.values()) peer.removeTrack(track);
  }

  async replaceTrack(track: Track, by: Track): Promise<void> {
    if (!this.#tracks.has(track)) {
      throw new SignalError(
        ErrorCode.INVALID_ARGUMENT,
        'the call does not send the track that is to be replaced',
      );
    }
    const stream = this.#tracks.streamOf(track);
    this.#tracks.remove(track);
    this.#tracks.add(by, stream);
    await Promise.all([...this.#peers.values()].map((peer) => peer.replaceTrack(track, by)));
  }

  async setTrack(kind: TrackKind, track: Track | null): Promise<void> {
    const [first, ...rest] = this.#tracks.ofKind(kind).filter((sent) => sent !== track);
    for (const other of rest) this.removeTrack(other);
    if (track === null || this.#tracks.has(track)) {
      if (first !== undefined) this.removeTrack(first);
    } else if (first === undefined) {
      this.addTrack(track);
    } else {
      await this.replaceTrack(first, track);
    }
  }

  setMuted(kind: TrackKind, muted: boolean): void {
    this.#tracks.mute(kind, muted);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const stop of this.#stops) stop();
    for (const peerId of [...this.#peers.keys()]) this.#remove(peerId);
  }

  on<Name extends keyof CallEvents>(event: Name, listener: (payload: CallEvents[Name]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  #listen(): (() => void)[] {
    const room = this.#room;
    const receive = (from: string, message: PairMessage) => this.#peers.get(from)?.receive(message);
    return [
      room.on('peer_joined', (peer) => this.#enter(peer)),
      room.on('peer_left', ({ peer }) => this.#remove(peer.peerId)),
      room.on('reset', () => this.#reset()),
      room.on('left', () => this.close()),
      room.on('offer', (offer) => receive(offer.from, { kind: 'offer', ...offer })),
      room.on('answer', (answer) => receive(answer.from, { kind: 'answer', ...answer })),
      room.on('candidates', (batch) => receive(batch.from, { kind: 'candidates', ...batch })),
      this.#link.onIceServers(() => this.#renewIceServers()),
    ];
  }

  #enter(peer: Peer, more: { readonly initiates?: boolean } = {}): void {
    const { self } = this.#room;
    if (peer.isSelf || self === undefined) return;
    const { peerId } = peer;
    const meshPeer: MeshPeer = new MeshPeer({
      ...more,
      room: this.#room,
      self,
      peer,
      clock: this.#link.clock,
      RTCPeerConnection: this.#RTCPeerConnection,
      iceServers: this.#iceServers ?? this.#link.iceServers(),
      onTrack: ({ track, streams }) => this.#emitter.emit('track', { peerId, track, streams }),
      onStream: (stream) => this.#emitter.emit('stream', { peerId, stream }),
      onState: (state) => this.#emitter.emit('peer_state', { peerId, state }),
      onDataChannel: (channel) => this.#announce('data_channel', { peerId, channel }),
      onOtherConnection: (messages) => this.#replace(meshPeer, messages),
      onError: (error) => this.#emitter.emit('error', { peerId, error }),
    });
    this.#peers.set(peerId, meshPeer);
    this.#announce('peer', meshPeer);
    for (const track of this.#tracks.all) meshPeer.addTrack(track, this.#tracks.streamOf(track));
    if (!meshPeer.isLater) for (const channel of this.#channels) meshPeer.openDataChannel(channel);
  }

  #remove(peerId: string): void {
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return;
    this.#peers.delete(peerId);
    peer.close();
    this.#emitter.emit('peer_gone', { peerId });
  }

  /** The other side has a new connection, or the pair new memberships: what the old connection agreed means nothing. */
  #replace({ peerId }: MeshPeer, messages: readonly PairMessage[]): void {
    const peer = this.#room.peers.get(peerId);
    this.#remove(peerId);
    if (peer === undefined || !this.#open) return;
    // Where the other side has said nothing yet, it does not know of the new connection.
    this.#enter(peer, messages.length === 0 ? { initiates: true } : {});
    for (const message of messages) this.#peers.get(peerId)?.receive(message);
  }

  /** Messages of the negotiations were lost with the events. */
  #reset(): void {
    const { self } = this.#room;
    for (const meshPeer of [...this.#peers.values()]) {
      if (self !== undefined && isSameMembership(self, meshPeer.self)) meshPeer.restartIce();
      else this.#replace(meshPeer, []);
    }
  }

  #renewIceServers(): void {
    if (this.#iceServers !== undefined) return;
    for (const peer of this.#peers.values()) peer.setIceServers(this.#link.iceServers());
  }

  /** Not at once: who made the call has not had time to listen. */
  #announce<Name extends keyof CallEvents>(event: Name, payload: CallEvents[Name]): void {
    void Promise.resolve().then(() => {
      if (this.#open) this.#emitter.emit(event, payload);
    });
  }
}

function globalPeerConnection(): RTCPeerConnectionConstructor {
  const { RTCPeerConnection } = globalThis as { readonly RTCPeerConnection?: RTCPeerConnectionConstructor };
  if (RTCPeerConnection !== undefined) return RTCPeerConnection;
  throw new SignalError(ErrorCode.INVALID_ARGUMENT, 'there is no global RTCPeerConnection: pass one');
}

/** Where tracks come without a stream, so that the others get one all the same. */
function newStream(): Stream | undefined {
  const { MediaStream } = globalThis as { readonly MediaStream?: new () => Stream };
  return MediaStream && new MediaStream();
}
