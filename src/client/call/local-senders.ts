import type {
  RTCPeerConnectionLike,
  RTCRtpSenderLike,
  RTCRtpTransceiverLike,
  Stream,
  Track,
} from './rtc-types.ts';

/** A sender whose track was taken away, with its place in the descriptions. */
interface IdleSender {
  readonly kind: string;
  readonly sender: RTCRtpSenderLike;
}

/**
 * What one connection sends, by track. A track that is taken away leaves its place in the descriptions, which the next of its kind
 * takes: `addTrack` alone would add a place each time (W3C WebRTC, section 5.1: a sender that has sent is not used again).
 */
export class LocalSenders {
  readonly #pc: RTCPeerConnectionLike;
  readonly #senders = new Map<Track, RTCRtpSenderLike>();
  #idle: IdleSender[] = [];

  constructor(pc: RTCPeerConnectionLike) {
    this.#pc = pc;
  }

  /** Rejects when the place that was to be used again does not take the track. */
  async add(track: Track, stream: Stream | undefined): Promise<void> {
    const streams = stream === undefined ? [] : [stream];
    const transceiver = this.#takeIdle(track.kind);
    if (transceiver === undefined) {
      this.#senders.set(track, this.#pc.addTrack(track, ...streams));
      return;
    }
    const { sender } = transceiver;
    this.#senders.set(track, sender);
    sender.setStreams?.(...streams);
    const taken = sender.replaceTrack(track);
    transceiver.direction = transceiver.direction === 'recvonly' ? 'sendrecv' : 'sendonly';
    await taken;
  }

  /** The other side is told by the direction of the place. */
  remove(track: Track): void {
    const sender = this.#senders.get(track);
    if (sender === undefined) return;
    this.#senders.delete(track);
    this.#pc.removeTrack(sender);
    this.#idle.push({ kind: track.kind, sender });
  }

  async replace(track: Track, by: Track): Promise<void> {
    const sender = this.#senders.get(track);
    if (sender === undefined) return;
    this.#senders.delete(track);
    this.#senders.set(by, sender);
    await sender.replaceTrack(by);
  }

  #takeIdle(kind: string): RTCRtpTransceiverLike | undefined {
    const idle = this.#idle.find((each) => each.kind === kind);
    if (idle === undefined) return undefined;
    this.#idle = this.#idle.filter((each) => each !== idle);
    const transceiver = this.#pc.getTransceivers().find(({ sender }) => sender === idle.sender);
    return transceiver?.direction === 'stopped' ? undefined : transceiver;
  }
}
