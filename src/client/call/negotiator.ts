import type { Clock } from '../../shared/clock.ts';
import type { Description } from '../room/room-events.ts';
import { HeldCandidates, type NumberedBatch } from './held-candidates.ts';
import type { RTCPeerConnectionLike } from './rtc-types.ts';
import { isOfAnotherConnection } from './sdp-origin.ts';

/** What one side of a pair says to the other. */
export type PairMessage = PairDescription | ({ readonly kind: 'candidates' } & NumberedBatch);
type PairDescription = { readonly kind: 'offer' | 'answer' } & Required<Description>;

export interface NegotiatorOptions {
  readonly pc: RTCPeerConnectionLike;
  readonly clock: Clock;
  /** Of two offers that cross, the polite side takes its own back. */
  readonly polite: boolean;
  /**
   * Whether this side makes the pair's first offer. The other waits for it, for a time: a first offer that is taken back while its
   * candidates are being gathered may leave a browser without any (seen in Chromium on a busy machine).
   */
  readonly initiates: boolean;
  /** `isDue` says whether the offer still stands. */
  readonly sendOffer: (offer: Required<Description>, isDue: () => boolean) => void;
  readonly sendAnswer: (answer: Required<Description>) => void;
  /** The other side has a new connection, so this one is of no use: these messages are for its successor. */
  readonly onOtherConnection: (messages: readonly PairMessage[]) => void;
  readonly onError: (error: unknown) => void;
}

/** How long the first offer of the other side is waited for, in milliseconds. */
const firstOfferTimeoutMs = 3_000;

/**
 * One pair's perfect negotiation (W3C WebRTC, section 10.7): offers when the connection needs it, answers, and settles offers
 * that cross.
 *
 * One step at a time, so that no step sees another's half-done work, whatever a runtime's own queue does. Each negotiation has a
 * number, higher than any before it in the pair, the polite side's odd and the other's even: a number names one description.
 */
export class Negotiator {
  readonly #options: NegotiatorOptions;
  readonly #held = new HeldCandidates();
  readonly #queue: (PairMessage | 'offer')[] = [];
  #running = false;
  #closed = false;
  /** The connection wants to negotiate. */
  #offerDue = false;
  /** The pair's first offer is the other side's to make. */
  #isWaiting: boolean;
  readonly #cancelWait: () => void;
  /** The number of the own offer that has no answer yet; 0: none. */
  #pendingOffer = 0;
  /** The number of the description that the candidates found now belong to. */
  #localNumber = 0;
  /** The number of the last remote description that was applied. */
  #remoteNumber = 0;
  /** The last offer of the other side that was applied. */
  #lastOffer: PairDescription | undefined;
  /** The highest number in the pair. It starts anywhere, so that those of an earlier connection mean nothing to this one. */
  #highest = Math.floor(Math.random() * 2 ** 20) * 2 ** 10;

  constructor(options: NegotiatorOptions) {
    this.#options = options;
    this.#isWaiting = !options.initiates;
    this.#cancelWait = options.clock.after(firstOfferTimeoutMs, () => {
      this.#isWaiting = false;
      this.#enqueue('offer');
    });
    options.pc.addEventListener('negotiationneeded', () => {
      this.#offerDue = true;
      this.#enqueue('offer');
    });
  }

  get localNumber(): number {
    return this.#localNumber;
  }

  receive(message: PairMessage): void {
    this.#enqueue(message);
  }

  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#cancelWait();
  }

  #enqueue(step: PairMessage | 'offer'): void {
    if (this.#closed) return;
    this.#queue.push(step);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let step = this.#queue.shift(); step !== undefined; step = this.#queue.shift()) {
      try {
        await this.#take(step);
      } catch (thrown) {
        if (!this.#closed) this.#options.onError(thrown);
      }
    }
    this.#running = false;
  }

  async #take(step: PairMessage | 'offer'): Promise<void> {
    if (step === 'offer') await this.#offer();
    else if (step.kind === 'candidates') await this.#receiveCandidates(step);
    else if (step.kind === 'answer') await this.#receiveAnswer(step);
    else await this.#receiveOffer(step);
  }

  async #offer(): Promise<void> {
    const { pc, sendOffer } = this.#options;
    if (!this.#offerDue || this.#isWaiting || pc.signalingState !== 'stable') return;
    this.#offerDue = false;
    const offer = await pc.createOffer();
    if (this.#closed) return;
    const negotiation = this.#nextNumber();
    this.#localNumber = negotiation;
    this.#pendingOffer = negotiation;
    await pc.setLocalDescription(offer);
    sendOffer({ sdp: offer.sdp ?? '', negotiation }, () => this.#pendingOffer === negotiation);
  }

  async #receiveOffer(message: PairDescription): Promise<void> {
    const { pc, polite, sendAnswer } = this.#options;
    const { sdp, negotiation } = message;
    if (this.#isRepeated(message)) return;
    this.#highest = Math.max(this.#highest, negotiation);
    const collides = pc.signalingState === 'have-local-offer';
    if (collides && !polite) return;
    if (this.#isOfAnotherConnection(message)) return;
    this.#isWaiting = false;
    this.#pendingOffer = 0;
    await this.#applyOffer(sdp);
    this.#remoteNumber = negotiation;
    this.#lastOffer = message;
    const answer = await pc.createAnswer();
    if (this.#closed) return;
    this.#localNumber = negotiation;
    // The connection asks again if the answer leaves something open.
    this.#offerDue = false;
    await pc.setLocalDescription(answer);
    sendAnswer({ sdp: answer.sdp ?? '', negotiation });
    await this.#addHeld(negotiation);
  }

  async #receiveAnswer(message: PairDescription): Promise<void> {
    const { pc } = this.#options;
    const { sdp, negotiation } = message;
    const isOurs = negotiation === this.#pendingOffer || negotiation === 0;
    if (!isOurs || pc.signalingState !== 'have-local-offer') return;
    if (this.#isOfAnotherConnection(message)) return;
    this.#offerDue = false;
    await pc.setRemoteDescription({ type: 'answer', sdp });
    this.#remoteNumber = this.#pendingOffer;
    this.#pendingOffer = 0;
    await this.#addHeld(this.#remoteNumber);
  }

  async #receiveCandidates(batch: NumberedBatch): Promise<void> {
    const { negotiation } = batch;
    const isKnown = this.#options.pc.remoteDescription !== null && negotiation <= this.#remoteNumber;
    if (isKnown) await this.#add(batch);
    else this.#held.add(batch);
  }

  async #addHeld(negotiation: number): Promise<void> {
    for (const batch of this.#held.take(negotiation)) await this.#add(batch);
  }

  async #add({ candidates, endOfCandidates, negotiation }: NumberedBatch): Promise<void> {
    const { pc, onError } = this.#options;
    for (const candidate of candidates) {
      try {
        await pc.addIceCandidate(candidate);
      } catch (thrown) {
        // Those of an earlier description, or of an offer that was ignored, are refused, and are of no use.
        const matters = negotiation !== 0 && negotiation === this.#remoteNumber;
        if (matters && !this.#closed) onError(thrown);
      }
    }
    // Only saves the connection some waiting, and not every runtime knows it.
    if (endOfCandidates) await pc.addIceCandidate().catch(() => {});
  }

  async #applyOffer(sdp: string): Promise<void> {
    const { pc } = this.#options;
    try {
      await pc.setRemoteDescription({ type: 'offer', sdp });
    } catch (thrown) {
      // Browsers take the own offer back by themselves; other runtimes want to be told.
      if (pc.signalingState !== 'have-local-offer') throw thrown;
      await pc.setLocalDescription({ type: 'rollback' });
      await pc.setRemoteDescription({ type: 'offer', sdp });
    }
  }

  /** An offer whose sender did not learn in time that it had arrived. Its answer is on the way. */
  #isRepeated({ sdp, negotiation }: PairDescription): boolean {
    return this.#lastOffer?.negotiation === negotiation && this.#lastOffer.sdp === sdp;
  }

  #isOfAnotherConnection(message: PairDescription): boolean {
    const { pc, onOtherConnection } = this.#options;
    if (!isOfAnotherConnection(pc.remoteDescription?.sdp, message.sdp)) return false;
    const rest = this.#queue.filter((step) => step !== 'offer');
    this.close();
    onOtherConnection([message, ...rest]);
    return true;
  }

  #nextNumber(): number {
    const next = this.#highest + 1;
    const isOdd = next % 2 === 1;
    this.#highest = isOdd === this.#options.polite ? next : next + 1;
    return this.#highest;
  }
}
