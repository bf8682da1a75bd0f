export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Structured logs: a fixed event name, the data in fields. Fields never hold a token, SDP, message content or a plain user
 * id: `user()` gives the keyed hash that stands for it.
 */
export interface Log {
  /** Whether debug lines are written: ask before computing their fields on a hot path. */
  readonly debugEnabled: boolean;
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** Something failed that should not: `error`'s stack is written. */
  error(event: string, error: unknown, fields?: LogFields): void;
  child(fields: LogFields): Log;
  /** The keyed hash of a user id. */
  user(userId: string): string;
}
