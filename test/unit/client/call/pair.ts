import wrtc from '@roamhq/wrtc';
import { onTestFinished } from 'vitest';
import { CandidateBatcher } from '../../../../src/client/call/candidate-batcher.ts';
import { Negotiator, type PairMessage } from '../../../../src/client/call/negotiator.ts';
import { type Clock, systemClock } from '../../../../src/shared/clock.ts';

/** A real peer connection that notes which candidates it was given. */
class NotingConnection extends wrtc.RTCPeerConnection {
  readonly added: string[] = [];
  /** Those that it was given before the other side's description. */
  readonly addedTooEarly: string[] = [];

  override async addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
    if (candidate) (this.remoteDescription ? this.added : this.addedTooEarly).push(candidate.candidate ?? '');
    await super.addIceCandidate(candidate);
  }
}

export interface SideOptions {
  /** Whether it offers without waiting for the other side. Default: it does, so that offers may cross. */
  readonly initiates?: boolean;
  readonly clock?: Clock;
}

/** One side of a pair: a real peer connection with its negotiator, and what it said. */
export class Side {
  readonly pc = new NotingConnection();
  readonly negotiator: Negotiator;
  readonly sent: PairMessage[] = [];
  readonly errors: unknown[] = [];
  /** Messages of a successor of the other side's connection. */
  readonly forSuccessor: PairMessage[] = [];
  /** Where what it says goes. Until it is set, it waits. */
  #deliver: ((message: PairMessage) => void) | undefined;
  #waiting: PairMessage[] = [];

  constructor(polite: boolean, { initiates = true, clock = systemClock }: SideOptions = {}) {
    const batcher = new CandidateBatcher(systemClock, (batch) => this.#say({ kind: 'candidates', ...batch }));
    this.negotiator = new Negotiator({
      pc: this.pc,
      clock,
      polite,
      initiates,
      sendOffer: (offer) => this.#say({ kind: 'offer', ...offer }),
      sendAnswer: (answer) => this.#say({ kind: 'answer', ...answer }),
      onOtherConnection: (messages) => this.forSuccessor.push(...messages),
      onError: (error) => this.errors.push(error),
    });
    this.pc.addEventListener('icecandidate', ({ candidate }) =>
      batcher.add(candidate, this.negotiator.localNumber),
    );
    onTestFinished(() => {
      this.negotiator.close();
      batcher.close();
      this.pc.close();
    });
  }

  /** Delivers what waits in the order that `sort` gives, and from then on everything as it comes. */
  connectTo(other: Side, sort: (messages: PairMessage[]) => PairMessage[] = (messages) => messages): void {
    const waiting = sort(this.#waiting);
    this.#waiting = [];
    this.#deliver = (message) => other.negotiator.receive(message);
    for (const message of waiting) this.#deliver(message);
  }

  /** From now on what it says waits. */
  disconnect(): void {
    this.#deliver = undefined;
  }

  sentOf(kind: PairMessage['kind']): PairMessage[] {
    return this.sent.filter((message) => message.kind === kind);
  }

  /** The candidates of the description with this number. */
  candidatesOf(negotiation: number | undefined): string[] {
    return this.sent.flatMap((message) =>
      message.kind === 'candidates' && message.negotiation === negotiation
        ? message.candidates.map(({ candidate }) => candidate)
        : [],
    );
  }

  /** Resolves when it has said this. */
  async said(kind: PairMessage['kind'], times = 1): Promise<void> {
    while (this.sentOf(kind).length < times) await new Promise((resolve) => this.#onSaid.add(resolve));
  }

  readonly #onSaid = new Set<(value: unknown) => void>();

  async connected(): Promise<void> {
    while (this.pc.connectionState !== 'connected') await nextOf(this.pc, 'connectionstatechange');
  }

  #say(message: PairMessage): void {
    this.sent.push(message);
    if (this.#deliver === undefined) this.#waiting.push(message);
    else this.#deliver(message);
    for (const resolve of this.#onSaid) resolve(undefined);
    this.#onSaid.clear();
  }
}

/** The next event of a target. */
export async function nextOf<Event = unknown>(
  target: { addEventListener(type: string, listener: (event: Event) => void): void },
  type: string,
): Promise<Event> {
  return await new Promise((resolve) => target.addEventListener(type, resolve));
}

/** The earlier of two peers, and the later one, who is polite. */
export function makePair(): { readonly earlier: Side; readonly later: Side } {
  return { earlier: new Side(false), later: new Side(true) };
}

/** The same, connected, after one offer of the earlier one. */
export async function connectPair(): Promise<ReturnType<typeof makePair>> {
  const pair = makePair();
  const { earlier, later } = pair;
  earlier.connectTo(later);
  later.connectTo(earlier);
  earlier.pc.createDataChannel('chat');
  await Promise.all([earlier.connected(), later.connected()]);
  return pair;
}

/** An audio track of silence. */
export function newAudioTrack(): MediaStreamTrack {
  const source = new wrtc.nonstandard.RTCAudioSource();
  const track = source.createTrack();
  onTestFinished(() => track.stop());
  return track;
}
