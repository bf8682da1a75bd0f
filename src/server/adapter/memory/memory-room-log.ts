import type { Clock } from '../../../shared/clock.ts';
import type {
  Attachment,
  AttachmentResult,
  Commit,
  CommitResult,
  Position,
  ReadResult,
  RoomLog,
  StreamListener,
  StreamName,
  StreamState,
  Subscription,
} from '../../port/room-log.ts';
import { EntryBlocks } from './entry-blocks.ts';
import { MemoryStream } from './memory-stream.ts';

export interface MemoryRoomLogOptions {
  readonly clock: Clock;
  /** How long entries are kept, in milliseconds: the longest reconnection window and some more. */
  readonly keepMs: number;
  /** How many bytes of bodies a stream keeps at most; the newest entry is always kept. */
  readonly maxBytes: number;
  /** How long a room without members is kept, in milliseconds. */
  readonly emptyGraceMs: number;
}

/** How often old entries and empty rooms are dropped. */
const sweepIntervalMs = 1_000;

/** The log of a single node, gone with its process. Commits take effect within the call, and are answered at once. */
export class MemoryRoomLog implements RoomLog {
  readonly #options: MemoryRoomLogOptions;
  readonly #memory = new EntryBlocks();
  readonly #streams = new Map<StreamName, MemoryStream>();
  readonly #listeners = new Map<StreamName, Set<StreamListener>>();
  #stopSweep: (() => void) | undefined;

  constructor(options: MemoryRoomLogOptions) {
    this.#options = options;
  }

  commit(stream: StreamName, commit: Commit): CommitResult {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#streams.get(stream);
    const target = known ?? new MemoryStream(this.#options.maxBytes, this.#memory, nowMs);
    const { result, entry } = target.commit(commit, nowMs);
    if (known === undefined && result.outcome === 'applied') this.#begin(stream, target);
    const listeners = entry === undefined ? undefined : this.#listeners.get(stream);
    if (entry !== undefined && listeners !== undefined) {
      // It has one node: all is for it.
      for (const listener of listeners) listener.onEntry(entry, entry.position.offset - 1);
    }
    return result;
  }

  attach(stream: StreamName, attachment: Attachment): Promise<AttachmentResult> {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#streams.get(stream);
    const target = known ?? new MemoryStream(this.#options.maxBytes, this.#memory, nowMs);
    if (known === undefined) this.#begin(stream, target);
    return Promise.resolve(target.attach(attachment, nowMs));
  }

  read(stream: StreamName, after: Position, maxBytes: number): Promise<ReadResult> {
    return Promise.resolve(this.#streams.get(stream)?.read(after, maxBytes) ?? { good: false, why: 'lost' });
  }

  state(stream: StreamName): Promise<StreamState | undefined> {
    return Promise.resolve(this.#streams.get(stream)?.state());
  }

  subscribe(stream: StreamName, listener: StreamListener): Promise<Subscription> {
    const listeners = this.#listeners.get(stream) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(stream, listeners);
    return Promise.resolve({
      close: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(stream) === listeners) this.#listeners.delete(stream);
      },
    });
  }

  publish(stream: StreamName, key: string, body: Uint8Array): Promise<void> {
    for (const listener of this.#listeners.get(stream) ?? []) listener.onPublished(key, body);
    return Promise.resolve();
  }

  rooms(after: string, limit: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const [name, stream] of this.#streams) {
      if (name.startsWith('room:') && stream.emptySinceMs === undefined) ids.push(name.slice('room:'.length));
    }
    return Promise.resolve(
      ids
        .filter((id) => id > after)
        .sort()
        .slice(0, limit),
    );
  }

  /** Stops the clean-up. The log answers on, but forgets nothing any more. */
  close(): void {
    this.#stopSweep?.();
    this.#stopSweep = undefined;
  }

  #begin(name: StreamName, stream: MemoryStream): void {
    this.#streams.set(name, stream);
    this.#sweepLater();
  }

  #sweepLater(): void {
    this.#stopSweep ??= this.#options.clock.after(sweepIntervalMs, () => {
      this.#stopSweep = undefined;
      this.#sweep();
      if (this.#streams.size > 0) this.#sweepLater();
    });
  }

  #sweep(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [name, stream] of this.#streams) {
      stream.sweep(nowMs, this.#options.keepMs);
      const forgotten =
        stream.emptySinceMs !== undefined && stream.emptySinceMs <= nowMs - this.#options.emptyGraceMs;
      if (!forgotten || !name.startsWith('room:')) continue;
      this.#streams.delete(name);
      stream.dispose();
    }
  }
}
