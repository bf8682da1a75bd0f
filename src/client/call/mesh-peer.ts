import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { IceServer } from '../ice-server.ts';
import type { Peer } from '../room/peer.ts';
import type { CallDataChannel, CallPeer } from './call.ts';
import type { CallRoom } from './call-room.ts';
import { CandidateBatcher } from './candidate-batcher.ts';
import { LocalSenders } from './local-senders.ts';
import { Negotiator, type PairMessage } from './negotiator.ts';
import { PairSender } from './pair-sender.ts';
import type {
  ConnectionState,
  DataChannel,
  IceConnectionState,
  RTCPeerConnectionConstructor,
  RTCPeerConnectionLike,
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
  /** Whether this side makes the first offer. Default: who came earlier does. */
  readonly initiates?: boolean;
  readonly RTCPeerConnection: RTCPeerConnectionConstructor;
  readonly iceServers: readonly IceServer[];
  readonly onTrack: (event: TrackEventLike) => void;
  readonly onStream: (stream: Stream) => void;
  readonly onState: (state: ConnectionState) => void;
  readonly onDataChannel: (channel: DataChannel) => void;
  readonly onOtherConnection: (messages: readonly PairMessage[]) => void;
  readonly onError: (error: SignalError) => void;
}

/** The id of the data channel that each pair has. Both sides know it, so that it is never announced. */
const pairChannelId = 0;

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
  readonly #senders: LocalSenders;
  readonly #streams = new Map<string, Stream>();
  readonly #dataChannels = new Map<string, DataChannel>();
  readonly #options: MeshPeerOptions;
  #pairChannel: DataChannel | undefined;
  #closed = false;

  constructor(options: MeshPeerOptions) {
    const { room, self, peer, clock, onError, onOtherConnection } = options;
    this.#options = options;
    this.self = self;
    this.peer = peer;
    this.peerId = peer.peerId;
    this.#pc = new options.RTCPeerConnection({ iceServers: [...options.iceServers] });
    this.#senders = new LocalSenders(this.#pc);
    this.#sender = new PairSender(room, peer.peerId, clock, onError);
    this.#batcher = new CandidateBatcher(clock, (batch) => this.#sender.candidates(batch));
    this.#negotiator = new Negotiator({
      pc: this.#pc,
      clock,
      polite: this.isLater,
      initiates: options.initiates ?? !this.isLater,
      sendOffer: (offer, isDue) => this.#sender.offer(offer, isDue),
      sendAnswer: (answer) => this.#sender.answer(answer),
      onOtherConnection,
      onError: (thrown) => onError(negotiationError(thrown)),
    });
    this.#listen();
    if (!this.isLater) this.#openPairChannel();
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
    // Not before: two offers would cross each time that a pair meets.
    if (message.kind === 'offer') this.#openPairChannel();
    this.#negotiator.receive(message);
  }

  addTrack(track: Track, stream: Stream | undefined): void {
    this.#senders.add(track, stream).catch((thrown: unknown) => {
      if (!this.#closed) this.#options.onError(negotiationError(thrown));
    });
  }

  removeTrack(track: Track): void {
    this.#senders.remove(track);
  }

  async replaceTrack(track: Track, by: Track): Promise<void> {
    await this.#senders.replace(track, by);
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

  /**
   * Something to negotiate, also for two who send nothing: without it there would be no connection, and nobody could tell a pair that
   * has nothing to send from one that finds no way through.
   */
  #openPairChannel(): void {
    this.#pairChannel ??= this.#pc.createDataChannel('parley', { negotiated: true, id: pairChannelId });
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
      // A stream that has lost all its tracks may come back as another object of the same id.
      if (this.#streams.get(stream.id) === stream) continue;
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
