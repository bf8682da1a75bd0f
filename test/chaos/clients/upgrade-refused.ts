/** The server answered the upgrade with an HTTP status, not with a WebSocket. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused';
  readonly status: number;
  /** When to come again, in milliseconds. Undefined: it was not told. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, retryAfter: string | undefined) {
    super(`the upgrade was refused with ${status}`);
    this.status = status;
    const seconds = Number(retryAfter ?? Number.NaN);
    this.retryAfterMs = seconds > 0 ? seconds * 1_000 : undefined;
  }
}
