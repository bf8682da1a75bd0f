/** The processes that were killed. */
export class KillCount {
  #total = 0;
  #inFlight = 0;

  /** `inFlight`: somebody who depended on the process waited for an answer. */
  add(inFlight: boolean): void {
    this.#total += 1;
    if (inFlight) this.#inFlight += 1;
  }

  get total(): number {
    return this.#total;
  }

  get inFlight(): number {
    return this.#inFlight;
  }
}
