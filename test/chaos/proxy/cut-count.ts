import { type CutKind, cutKinds } from './cut-plan.ts';

/** How it stood with the client when it was cut off. */
export interface CutMoment {
  /** It waited for an answer. */
  readonly inFlight: boolean;
  /** It was not signed in, for the first time or again. */
  readonly inHandshake: boolean;
}

/** The cuts that were made. */
export class CutCount {
  readonly #byKind = new Map<CutKind, number>(cutKinds.map((kind) => [kind, 0]));
  #total = 0;
  #inFlight = 0;
  #inHandshake = 0;

  add(kind: CutKind, { inFlight, inHandshake }: CutMoment): void {
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1);
    this.#total += 1;
    if (inFlight) this.#inFlight += 1;
    if (inHandshake) this.#inHandshake += 1;
  }

  get total(): number {
    return this.#total;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get inHandshake(): number {
    return this.#inHandshake;
  }

  get byKind(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byKind);
  }
}
