import { SignalError } from '../../../../shared/signal-error.ts';

/**
 * What became of a command that was not answered as asked.
 *
 * - `no-script`: the server does not know the script. Not carried out.
 * - `elsewhere`: another server has the slot or is getting it, or this one is no primary. Not carried out.
 * - `not-now`: the server can't for the moment; only time helps. Not carried out.
 * - `not-sent`: there was no connection. Not carried out.
 * - `unknown`: the connection broke or the deadline passed before the answer came. It may have been carried out, or be yet.
 * - `refused`: an error that sending it again would not change, as a fault in a script.
 */
export type FaultKind = 'no-script' | 'elsewhere' | 'not-now' | 'not-sent' | 'unknown' | 'refused';

const kinds: ReadonlyMap<string, FaultKind> = new Map<string, FaultKind>([
  ['NOSCRIPT', 'no-script'],
  ['MOVED', 'elsewhere'],
  ['ASK', 'elsewhere'],
  ['READONLY', 'elsewhere'],
  ['TRYAGAIN', 'not-now'],
  ['LOADING', 'not-now'],
  ['CLUSTERDOWN', 'not-now'],
  ['MASTERDOWN', 'not-now'],
  ['NOREPLICAS', 'not-now'],
  ['OOM', 'not-now'],
  ['MISCONF', 'not-now'],
  ['BUSY', 'not-now'],
]);

/** A command failed; `kind` says whether it can have had an effect. */
export class RedisFault extends Error {
  readonly kind: FaultKind;
  /** The first word of the server's error, where it answered with one: `MOVED`. */
  readonly word: string;

  constructor(kind: FaultKind, message: string, word = '') {
    super(message);
    this.name = 'RedisFault';
    this.kind = kind;
    this.word = word;
  }

  /** From an error that a server answered. */
  static ofReply(error: Error): RedisFault {
    const word = /^[A-Z]+/.exec(error.message)?.[0] ?? '';
    return new RedisFault(kinds.get(word) ?? 'refused', error.message, word);
  }

  /** The word with which a server refused what ended in this error; undefined: it was not a server's answer. */
  static refusalIn(error: unknown): string | undefined {
    const fault = error instanceof SignalError ? error.cause : error;
    return fault instanceof RedisFault && fault.isRefusal ? fault.word : undefined;
  }

  /** Whom to ask this once: where the slot is on its way to, as `ASK <slot> <host>:<port>` says. An empty host is that of who answered. */
  get asks(): { readonly host: string; readonly port: number } | undefined {
    const [, host = '', port] = /^ASK \d+ (.*):(\d+)/.exec(this.message) ?? [];
    return port === undefined ? undefined : { host, port: Number(port) };
  }

  /** Whether a server was there and said that it does not carry it out. */
  get isRefusal(): boolean {
    return this.word !== '' && this.kind !== 'unknown';
  }

  /** Whether the command surely had no effect and will have none. */
  get notCarriedOut(): boolean {
    return this.kind !== 'unknown' && this.kind !== 'refused';
  }
}
