/** Whether the store that nodes share can be reached. */
export interface StoreStatus {
  readonly isAvailable: boolean;
  /** Calls back when that changes, until closed. */
  watch(listener: (isAvailable: boolean) => void): { close(): void };
}
