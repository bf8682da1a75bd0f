import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Identity } from '../port/token-verifier.ts';

/** A connection's seat among those of its user. */
export interface Seat {
  /** Which session has it, so that a connection that takes this one's place finds room. */
  sessionId: string;
}

/** How long a user with too many connections is told to wait. */
const retryAfterMs = 5_000;

/** The connections that each user has on this node. */
export class UserSeats {
  readonly #perUser: number;
  readonly #seats = new Map<string, Set<Seat>>();

  constructor(perUser: number) {
    this.#perUser = perUser;
  }

  /** How many users have connections. */
  get users(): number {
    return this.#seats.size;
  }

  /**
   * Seats a connection that would resume this session; empty: one that opens a session. Throws RATE_LIMITED where the user
   * has as many as may be. Users whose tokens allow one session only are not counted: the session before ends.
   */
  take({ userId, sessionPolicy }: Identity, sessionId: string): Seat {
    const seats = this.#seats.get(userId) ?? new Set();
    let others = 0;
    for (const seat of seats) if (seat.sessionId === '' || seat.sessionId !== sessionId) others++;
    if (others >= this.#perUser && sessionPolicy === 'multiple') {
      const message = `the user has ${others} connections, the limit is ${this.#perUser}`;
      throw new SignalError(ErrorCode.RATE_LIMITED, message, { retryAfterMs });
    }
    const seat = { sessionId };
    this.#seats.set(userId, seats.add(seat));
    return seat;
  }

  leave(userId: string, seat: Seat): void {
    const seats = this.#seats.get(userId);
    if (seats?.delete(seat) === true && seats.size === 0) this.#seats.delete(userId);
  }
}
