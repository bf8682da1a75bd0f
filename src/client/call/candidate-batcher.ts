import type { Clock } from '../../shared/clock.ts';
import type { IceCandidateInit } from '../room/room-events.ts';
import type { NumberedBatch } from './held-candidates.ts';

/** Candidates are found in bursts: one frame for those of this time, in milliseconds. */
const batchMs = 10;
/** As many as a frame may hold. */
const maxBatch = 64;

/** Gathers the candidates that this side finds into batches. */
export class CandidateBatcher {
  readonly #clock: Clock;
  readonly #send: (batch: NumberedBatch) => void;
  #candidates: IceCandidateInit[] = [];
  #negotiation = 0;
  #cancelFlush: (() => void) | undefined;

  constructor(clock: Clock, send: (batch: NumberedBatch) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** A candidate of the description with this number; null: there are no more. */
  add(candidate: IceCandidateInit | null, negotiation: number): void {
    if (negotiation !== this.#negotiation) this.#flush(false);
    this.#negotiation = negotiation;
    if (candidate === null) {
      this.#flush(true);
    } else if (candidate.candidate !== '') {
      this.#candidates.push(plain(candidate));
      if (this.#candidates.length === maxBatch) this.#flush(false);
      else this.#cancelFlush ??= this.#clock.after(batchMs, () => this.#flush(false));
    }
  }

  close(): void {
    this.#cancelFlush?.();
    this.#candidates = [];
  }

  #flush(endOfCandidates: boolean): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const candidates = this.#candidates;
    this.#candidates = [];
    if (candidates.length === 0 && !endOfCandidates) return;
    this.#send({ candidates, endOfCandidates, negotiation: this.#negotiation });
  }
}

/** An RTCIceCandidate has its values in getters. */
function plain({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: IceCandidateInit): IceCandidateInit {
  return {
    candidate,
    sdpMid: sdpMid ?? null,
    sdpMLineIndex: sdpMLineIndex ?? null,
    usernameFragment: usernameFragment ?? null,
  };
}
