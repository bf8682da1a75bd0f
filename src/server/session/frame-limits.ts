import { create } from '@bufbuild/protobuf';
import { type Dropped, DroppedSchema } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { maxUnanswered } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { errorMessage } from '../frame/error-message.ts';
import type { Log } from '../port/log.ts';
import type { RateLimits } from './rate-limits.ts';
import type { RequestBook } from './request-book.ts';
import { TokenBucket } from './token-bucket.ts';

/** What a frame was over: the connection's rate, its room's, or the number of requests that may wait for their answers. */
export type Limit = 'connection' | 'room' | 'window';

export interface FrameLimitsOptions {
  readonly rates: RateLimits;
  readonly requests: RequestBook;
  readonly clock: Clock;
  readonly log: Log;
  /** Sends a warning. What was held back behind it may be acknowledged from then on. */
  readonly tell: (dropped: Dropped) => void;
}

/** How long drops are gathered into one warning. */
const gatherMs = 250;
/** How long drops are gathered into one line of the log. */
const logAfterMs = 1_000;
/** Most ids of one warning, which makes it 80 KB at most; with more it is sent at once. */
const maxNamed = 16_384;
/** Who sends too much comes back no sooner than this. */
const minRetryAfterMs = 100;

/** What one connection may send, and what of it was dropped: told in one warning for a burst, and logged in one line. */
export class FrameLimits {
  readonly #options: FrameLimitsOptions;
  readonly #bucket: TokenBucket;
  /**
   * When its last frame came, so that a frame costs one look at the clock; a whole number, which needs no memory of its own
   * on its way from call to call.
   */
  #nowMs: number;
  /** Tokens of the frames that the next warning answers. */
  #owed = 0;
  #retryAfterMs = 0;
  #named = { connection: 0, room: 0, window: 0 };
  #unlogged = { connection: 0, room: 0, window: 0 };
  #cancelTell: (() => void) | undefined;
  #cancelLog: (() => void) | undefined;
  #stopped = false;

  constructor(options: FrameLimitsOptions) {
    this.#options = options;
    this.#nowMs = Math.floor(options.clock.monotonicMs());
    this.#bucket = new TokenBucket(options.rates.connection, this.#nowMs);
  }

  /** Takes a frame of this length from what the connection may send; false: it is to be dropped. */
  take(bytes: number): boolean {
    this.#nowMs = Math.floor(this.#options.clock.monotonicMs());
    return this.#bucket.take(costOf(bytes), this.#nowMs);
  }

  /** As `RateLimits.takeOfRoom`, at the time of the connection's last frame. */
  takeOfRoom(roomId: string, bytes: number): number {
    return this.#options.rates.takeOfRoom(roomId, bytes, this.#nowMs);
  }

  /** Notes a frame for which `take` had no place. `id` 0, or one that can't be a request's: it is dropped without a word. */
  dropFrame(id: number, bytes: number): void {
    this.#owed += costOf(bytes);
    this.drop(id, 'connection', this.#bucket.waitMs(this.#owed, this.#nowMs));
  }

  /** Notes a request that is dropped and had no effect. */
  drop(id: number, limit: Limit, retryAfterMs = 0): void {
    if (this.#stopped) return;
    this.#unlogged[limit]++;
    this.#retryAfterMs = Math.max(this.#retryAfterMs, retryAfterMs);
    const { requests, clock } = this.#options;
    this.#cancelLog ??= clock.after(logAfterMs, () => this.#write());
    if (!requests.drop(id)) return;
    this.#named[limit]++;
    if (requests.dropped >= maxNamed) this.#tell();
    else this.#cancelTell ??= clock.after(gatherMs, () => this.#tell());
  }

  /** The connection is gone. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTell?.();
    this.#write();
  }

  #tell(): void {
    this.#cancelTell?.();
    this.#cancelTell = undefined;
    const ids = this.#options.requests.takeDropped();
    const retryAfterMs = Math.max(this.#retryAfterMs, minRetryAfterMs);
    const error = new SignalError(ErrorCode.RATE_LIMITED, this.#describe(), { retryAfterMs });
    this.#named = { connection: 0, room: 0, window: 0 };
    this.#owed = 0;
    this.#retryAfterMs = 0;
    this.#options.tell(create(DroppedSchema, { ids, error: errorMessage(error) }));
  }

  #describe(): string {
    const { connection, room } = this.#options.rates;
    const { connection: overConnection, room: overRoom, window: overWindow } = this.#named;
    const parts = [
      overConnection > 0 && `${overConnection} over the connection's ${connection.perSecond} tokens a second`,
      overRoom > 0 && `${overRoom} over the room's ${Math.round(room.perSecond)} bytes a second`,
      overWindow > 0 && `${overWindow} beyond ${maxUnanswered} unanswered`,
    ];
    return `requests were dropped: ${parts.filter((part) => part !== false).join(', ')}`;
  }

  #write(): void {
    this.#cancelLog?.();
    this.#cancelLog = undefined;
    const { connection, room, window } = this.#unlogged;
    if (connection + room + window === 0) return;
    this.#unlogged = { connection: 0, room: 0, window: 0 };
    this.#options.log.warn('limit.dropped', { connection, room, window });
  }
}

function costOf(bytes: number): number {
  return 1 + (bytes >>> 10);
}
