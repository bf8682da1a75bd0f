import { type Cut, type CutKind, cutKinds, handshakeBytes } from './cut-plan.ts';

/** The cuts that were made. */
export class CutCount {
  readonly #byKind = new Map<CutKind, number>(cutKinds.map((kind) => [kind, 0]));
  #total = 0;
  #inFlight = 0;
  #inHandshake = 0;

  /** `inFlight`: whether the client waited for an answer. */
  add({ kind, afterBytes }: Cut, inFlight: boolean): void {
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1);
    this.#total += 1;
    if (inFlight) this.#inFlight += 1;
    if (afterBytes < handshakeBytes) this.#inHandshake += 1;
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
