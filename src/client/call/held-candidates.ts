import type { CandidateBatch } from '../room/room-events.ts';

export type NumberedBatch = Required<CandidateBatch>;

/** Batches kept for descriptions that have not come. */
const maxHeld = 64;

/** Candidates that overtook their description, until it comes. */
export class HeldCandidates {
  #held: NumberedBatch[] = [];

  add(batch: NumberedBatch): void {
    if (this.#held.length === maxHeld) this.#held.shift();
    this.#held.push(batch);
  }

  /** Those of the description that was applied now, in order. Those of earlier ones, and of ignored offers, are of no use. */
  take(negotiation: number): NumberedBatch[] {
    const due = this.#held.filter((batch) => batch.negotiation === negotiation || batch.negotiation === 0);
    this.#held = this.#held.filter((batch) => batch.negotiation > negotiation);
    return due;
  }
}
