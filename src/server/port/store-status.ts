/** Whether the store that nodes share can be reached, and takes writes. A refusal that ends within about 2 s changes nothing. */
export interface StoreStatus {
  readonly isAvailable: boolean;
  /** How often the store refused a command that was then tried again, by the word that it refused with; grows. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Calls back when that changes, until closed. */
  watch(listener: (isAvailable: boolean) => void): { close(): void };
}
