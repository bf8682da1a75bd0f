import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
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
} from '../../src/server/port/room-log.ts';

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (result: CommitResult) => void;
}

const maxBatch = 8;
const maxTurns = 6;
/** How many batches in a hundred are cut off: what of them was carried out is then not known. */
const cutPercent = 30;

/**
 * A log behind a bad network, as a store in another process is: everything takes some turns of the event loop, commits of a
 * stream go in batches, one after the other, and now and then the connection breaks in a batch, after some of its commits were
 * carried out and before all their answers came. What was not answered is then sent again, in order, with the same sources.
 */
export class UnsteadyRoomLog implements RoomLog {
  readonly #log: RoomLog;
  readonly #random: ReturnType<typeof xoroshiro128plus>;
  readonly #lanes = new Map<StreamName, Waiting[]>();
  /** How many batches were cut off, for a test to know that it tested something. */
  cuts = 0;

  constructor(log: RoomLog, seed: number) {
    this.#log = log;
    this.#random = xoroshiro128plus(seed);
  }

  commit(stream: StreamName, commit: Commit): Promise<CommitResult> {
    return new Promise((resolve) => {
      const lane = this.#lanes.get(stream);
      if (lane !== undefined) {
        lane.push({ commit, resolve });
        return;
      }
      const opened = [{ commit, resolve }];
      this.#lanes.set(stream, opened);
      void this.#run(stream, opened);
    });
  }

  async attach(stream: StreamName, attachment: Attachment): Promise<AttachmentResult> {
    await this.#someTurns();
    return this.#log.attach(stream, attachment);
  }

  async read(stream: StreamName, after: Position, maxBytes: number): Promise<ReadResult> {
    await this.#someTurns();
    return this.#log.read(stream, after, maxBytes);
  }

  async state(stream: StreamName): Promise<StreamState | undefined> {
    await this.#someTurns();
    return this.#log.state(stream);
  }

  async rooms(after: string, limit: number): Promise<readonly string[]> {
    await this.#someTurns();
    return this.#log.rooms(after, limit);
  }

  async publish(stream: StreamName, key: string, body: Uint8Array): Promise<void> {
    await this.#someTurns();
    await this.#log.publish(stream, key, body);
  }

  async subscribe(stream: StreamName, listener: StreamListener): Promise<Subscription> {
    await this.#someTurns();
    let isOpen = true;
    let last = Promise.resolve();
    const late = (announce: () => void) => {
      last = last
        .then(() => this.#someTurns())
        .then(() => {
          if (isOpen) announce();
        });
    };
    const subscription = await this.#log.subscribe(stream, {
      onEntry: (entry, before) => late(() => listener.onEntry(entry, before)),
      onPassed: (position) => late(() => listener.onPassed(position)),
      onPublished: (key, body) => late(() => listener.onPublished(key, body)),
      onInterrupted: () => late(() => listener.onInterrupted()),
    });
    return {
      close() {
        isOpen = false;
        subscription.close();
      },
    };
  }

  async #run(stream: StreamName, lane: Waiting[]): Promise<void> {
    while (lane.length > 0) {
      await this.#someTurns();
      const answered = await this.#send(stream, lane.slice(0, 1 + this.#below(maxBatch)));
      lane.splice(0, answered);
    }
    this.#lanes.delete(stream);
  }

  /** Sends a batch; gives how many of it were answered. */
  async #send(stream: StreamName, batch: readonly Waiting[]): Promise<number> {
    const isCut = this.#below(100) < cutPercent;
    if (isCut) this.cuts++;
    const carriedOut = isCut ? this.#below(batch.length + 1) : batch.length;
    const answered = isCut ? this.#below(carriedOut + 1) : batch.length;
    for (const [index, { commit, resolve }] of batch.slice(0, carriedOut).entries()) {
      const result = await this.#log.commit(stream, commit);
      if (index < answered) resolve(result);
    }
    return answered;
  }

  /** 0 or more. */
  #below(bound: number): number {
    return uniformInt(this.#random, 0, bound - 1);
  }

  async #someTurns(): Promise<void> {
    for (let turns = this.#below(maxTurns); turns > 0; turns--) await new Promise(setImmediate);
  }
}
