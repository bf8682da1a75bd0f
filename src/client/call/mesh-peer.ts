import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { IceServer } from '../ice-server.ts';
import type { Peer } from '../room/peer.ts';
import type { CallDataChannel, CallPeer } from './call.ts';
import type { CallRoom } from './call-room.ts';
import { CandidateBatcher } from './candidate-batcher.ts';
import { Negotiator, type PairMessage } from './negotiator.ts';
import { PairSender } from './pair-sender.ts';
import type {
  ConnectionState,
  DataChannel,
  IceConnectionState,
  RTCPeerConnectionConstructor,
  RTCPeerConnectionLike,
  RTCRtpSenderLike,
  StatsReport,
  Stream,
  Track,
  TrackEventLike,
} from './rtc-types.ts';

export interface MeshPeerOptions {
  readonly room: CallRoom;
  readonly self: Peer;
  readonly peer: Peer;
  readonly clock: Clock;
  readonly RTCPeerConnection: RTCPeerConnectionConstructor;
  readonly iceServers: readonly IceServer[];
  readonly onTrack: (event: TrackEventLike) => void;
  readonly onStream: (stream: Stream) => void;
  readonly onState: (state: ConnectionState) => void;
  readonly onDataChannel: (channel: DataChannel) => void;
  readonly onOtherConnection: (messages: readonly PairMessage[]) => void;
  readonly onError: (error: SignalError) => void;
}

/** The connection with one other peer of a mesh. */
export class MeshPeer implements CallPeer {
  readonly peerId: string;
  /** The two memberships that it connects. */
  readonly self: Peer;
  readonly peer: Peer;
  readonly #pc: RTCPeerConnectionLike;
  readonly #negotiator: Negotiator;
  readonly #sender: PairSender;
  readonly #batcher: CandidateBatcher;
  readonly #rtpSenders = new Map<Track, RTCRtpSenderLike>();
  readonly #streams = new Map<string, Stream>();
  readonly #dataChannels = new Map<string, DataChannel>();
  readonly #options: MeshPeerOptions;
  #closed = false;

  constructor(options: MeshPeerOptions) {
    const { room, self, peer, clock, onError, onOtherConnection } = options;
    this.#options = options;
    this.self = self;
    this.peer = peer;
    this.peerId = peer.peerId;
    this.#pc = new options.RTCPeerConnection({ iceServers: [...options.iceServers] });
    this.#sender = new PairSender(room, peer.peerId, clock, onError);
    this.#batcher = new CandidateBatcher(clock, (batch) => this.#sender.candidates(batch));
    this.#negotiator = new Negotiator({
      pc: this.#pc,
      polite: this.isLater,
      sendOffer: (offer, isDue) => this.#sender.offer(offer, isDue),
      sendAnswer: (answer) => this.#sender.answer(answer),
      onOtherConnection,
      onError: (thrown) => onError(negotiationError(thrown)),
    });
    this.#listen();
  }

  /** Whether this client came later than the other: it is then the polite side. */
  get isLater(): boolean {
    const { self, peer } = this;
    if (self.joinedOffset !== peer.joinedOffset) return self.joinedOffset > peer.joinedOffset;
    return self.peerId > peer.peerId;
  }

  get streams(): readonly Stream[] {
    return [...this.#streams.values()];
  }

  get stream(): Stream | undefined {
    return this.streams[0];
  }

  get connectionState(): ConnectionState {
    return this.#closed ? 'closed' : this.#pc.connectionState;
  }

  get iceConnectionState(): IceConnectionState {
    return this.#closed ? 'closed' : this.#pc.iceConnectionState;
  }

  get dataChannels(): ReadonlyMap<string, DataChannel> {
    return this.#dataChannels;
  }

  async getStats(): Promise<StatsReport> {
    return await this.#pc.getStats();
  }

  receive(message: PairMessage): void {
    this.#negotiator.receive(message);
  }

  addTrack(track: Track, stream: Stream | undefined): void {
    const streams = stream === undefined ? [] : [stream];
    this.#rtpSenders.set(track, this.#pc.addTrack(track, ...streams));
  }

  removeTrack(track: Track): void {
    const sender = this.#rtpSenders.get(track);
    this.#rtpSenders.delete(track);
    if (sender !== undefined) this.#pc.removeTrack(sender);
  }

  async replaceTrack(track: Track, by: Track): Promise<void> {
    const sender = this.#rtpSenders.get(track);
    if (sender === undefined) return;
    this.#rtpSenders.delete(track);
    this.#rtpSenders.set(by, sender);
    await sender.replaceTrack(by);
  }

  openDataChannel({ label, init }: CallDataChannel): void {
    this.#addDataChannel(this.#pc.createDataChannel(label, init));
  }

  restartIce(): void {
    this.#pc.restartIce();
  }

  setIceServers(iceServers: readonly IceServer[]): void {
    this.#pc.setConfiguration({ iceServers: [...iceServers] });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#negotiator.close();
    this.#batcher.close();
    this.#sender.close();
    this.#pc.close();
  }

  #listen(): void {
    const pc = this.#pc;
    pc.addEventListener('icecandidate', ({ candidate }) => {
      if (!this.#closed) this.#batcher.add(candidate, this.#negotiator.localNumber);
    });
    pc.addEventListener('track', (event) => {
      if (!this.#closed) this.#addTrack(event);
    });
    pc.addEventListener('datachannel', ({ channel }) => {
      if (!this.#closed) this.#addDataChannel(channel);
    });
    pc.addEventListener('connectionstatechange', () => {
      if (this.#closed) return;
      if (pc.connectionState === 'failed') pc.restartIce();
      this.#options.onState(pc.connectionState);
    });
  }

  #addTrack(event: TrackEventLike): void {
    this.#options.onTrack(event);
    for (const stream of event.streams) {
      if (this.#streams.has(stream.id)) continue;
      this.#streams.set(stream.id, stream);
      this.#options.onStream(stream);
    }
  }

  #addDataChannel(channel: DataChannel): void {
    this.#dataChannels.set(channel.label, channel);
    this.#options.onDataChannel(channel);
  }
}

function negotiationError(thrown: unknown): SignalError {
  if (thrown instanceof SignalError) return thrown;
  return new SignalError(ErrorCode.INTERNAL, 'the peer connection refused a step of the negotiation', {
    cause: thrown,
  });
}
