import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { ReturnTimes } from './return-times.ts';

/** How many connections may be open. */
export interface ConnectionLimits {
  readonly inAll: number;
  /** For each IPv4 address, and each IPv6 network of 64 bits. */
  readonly perAddress: number;
  /** Before their sign-in. Of these a quarter for each address, so that nobody takes them all. */
  readonly unsigned: number;
}

/** Which limit leaves no place. */
export type FullReason = 'in-all' | 'address' | 'unsigned';

/** A connection's place, from its upgrade on. */
export interface Place {
  /** It does not count among the unsigned any more. */
  signedIn(): void;
  /** The connection is gone. */
  leave(): void;
}

export type Admission =
  | { readonly admitted: true; readonly place: Place }
  | { readonly admitted: false; readonly full: FullReason; readonly error: SignalError };

interface Count {
  open: number;
  unsigned: number;
}

/** How long who finds no place among all, or those of an address, is told to wait, in milliseconds: these are free again when others leave. */
const fullRetryAfterMs = 10_000;

/** Counts the connections of a node, in all and by the address that they come from. */
export class ConnectionPlaces {
  readonly #limits: ConnectionLimits;
  readonly #all: Count = { open: 0, unsigned: 0 };
  readonly #byNetwork = new Map<string, Count>();
  readonly #returns: ReturnTimes;

  constructor(limits: ConnectionLimits, clock: Clock) {
    this.#limits = limits;
    this.#returns = new ReturnTimes(clock);
  }

  /** How many addresses have connections. */
  get addresses(): number {
    return this.#byNetwork.size;
  }

  /** Gives a connection from this address or network its place, or says which limit is in the way. */
  admit(network: string): Admission {
    const its = this.#byNetwork.get(network) ?? { open: 0, unsigned: 0 };
    const { inAll, perAddress, unsigned } = this.#limits;
    const unsignedOfOne = Math.ceil(unsigned / 4);
    const { open: openInAll, unsigned: unsignedInAll } = this.#all;
    if (its.open >= perAddress)
      return full('address', ErrorCode.RATE_LIMITED, `${its.open} connections of this address`, perAddress);
    if (openInAll >= inAll) return full('in-all', ErrorCode.UNAVAILABLE, `${openInAll} connections`, inAll);
    if (its.unsigned >= unsignedOfOne) {
      const what = `${its.unsigned} connections of this address that have not signed in`;
      return full('unsigned', ErrorCode.RATE_LIMITED, what, unsignedOfOne, this.#returns.next());
    }
    if (unsignedInAll >= unsigned) {
      const what = `${unsignedInAll} connections that have not signed in`;
      return full('unsigned', ErrorCode.UNAVAILABLE, what, unsigned, this.#returns.next());
    }
    this.#byNetwork.set(network, its);
    return { admitted: true, place: this.#take(network, its) };
  }

  #take(network: string, its: Count): Place {
    const counts = [this.#all, its];
    let state: 'unsigned' | 'signed-in' | 'gone' = 'unsigned';
    const sign = () => {
      for (const count of counts) count.unsigned--;
    };
    for (const count of counts) {
      count.open++;
      count.unsigned++;
    }
    return {
      signedIn: () => {
        if (state !== 'unsigned') return;
        state = 'signed-in';
        sign();
      },
      leave: () => {
        if (state === 'gone') return;
        if (state === 'unsigned') sign();
        state = 'gone';
        for (const count of counts) count.open--;
        if (its.open === 0) this.#byNetwork.delete(network);
      },
    };
  }
}

function full(
  reason: FullReason,
  code: ErrorCode,
  what: string,
  limit: number,
  retryAfterMs = fullRetryAfterMs,
): Admission {
  const error = new SignalError(code, `there are ${what}, the limit is ${limit}`, { retryAfterMs });
  return { admitted: false, full: reason, error };
}
