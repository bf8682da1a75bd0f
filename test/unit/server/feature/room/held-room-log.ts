import type {
  Check,
  Commit,
  CommitResult,
  RoomLog,
  StreamName,
} from '../../../../../src/server/port/room-log.ts';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';

interface HeldRead {
  readonly wasRead: () => void;
  readonly answered: Promise<void>;
}

/** A log whose commits can be held up on their way, as by a network. */
export class HeldRoomLog implements RoomLog {
  #log: RoomLog;
  readonly #begin: () => RoomLog;
  #way: Promise<void> | undefined;
  #release: () => void = () => undefined;

  constructor(begin: () => RoomLog) {
    this.#begin = begin;
    this.#log = begin();
  }

  /** All is gone. */
  lose(): void {
    this.#log = this.#begin();
  }

  #isBrokenOff = false;

  /** As where a failover lost entries of which nobody knows whom they were for: no position of before is good, and all else is there. */
  breakOff(): void {
    this.#isBrokenOff = true;
  }

  /** Holds up the commits that are made from now on, until the next `pass`. */
  hold(): void {
    this.#way = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Commits that are made from now on go through; those that are held stay. The returned function lets them go too. */
  pass(): () => void {
    this.#way = undefined;
    return this.#release;
  }

  #heldRead: HeldRead | undefined;

  /** Whoever reads a stream's state next, by itself or as it attaches, is answered late: not before `answer`. */
  holdRead(): { readonly wasRead: Promise<void>; readonly answer: () => void } {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const wasRead = new Promise<void>((resolve) => {
      this.#heldRead = { wasRead: resolve, answered };
    });
    return { wasRead, answer };
  }

  async #read<Result>(read: () => Promise<Result>): Promise<Result> {
    const held = this.#heldRead;
    this.#heldRead = undefined;
    const result = await read();
    held?.wasRead();
    await held?.answered;
    return result;
  }

  /** How many commits are held. */
  held = 0;

  /** What becomes of the next commits of which nobody hears: they have their effect, later where they are held, or none. */
  readonly inDoubt: ('applied' | 'not applied')[] = [];

  /** Called when the next commit comes, which is then on its way still, and is answered as one that was sent again and refused. */
  refuseInDoubt: (() => Promise<unknown>) | undefined;
  /** What is on its way still arrives. */
  arriveLate: () => Promise<CommitResult> = () => Promise.reject(new Error('nothing is on its way'));

  async commit(stream: StreamName, commit: Commit): Promise<CommitResult> {
    const { refuseInDoubt } = this;
    if (refuseInDoubt !== undefined) {
      this.refuseInDoubt = undefined;
      this.arriveLate = () => this.#log.commit(stream, commit) as Promise<CommitResult>;
      await refuseInDoubt();
      return { outcome: 'refused', failed: commit.checks[0] as Check, inDoubt: true };
    }
    const isHeld = this.#way !== undefined;
    const unanswered = this.inDoubt.shift();
    if (unanswered === undefined) return this.#arrive(stream, commit);
    const result = unanswered === 'applied' ? this.#arrive(stream, commit) : undefined;
    if (!isHeld) await result;
    throw new SignalError(ErrorCode.OUTCOME_UNKNOWN, 'on purpose');
  }

  async #arrive(stream: StreamName, commit: Commit): Promise<CommitResult> {
    this.held++;
    await this.#way;
    this.held--;
    return this.#log.commit(stream, commit);
  }

  /** How often an attachment fails yet, as where the room's shard can't be reached. */
  unreachable = 0;

  #attaching: Promise<void> = Promise.resolve();
  /** How many attachments were asked for. */
  attachments = 0;

  /** Holds attachments up, as where the room's shard does not answer, until the returned function is called. */
  holdAttachments(): () => void {
    let release = () => {};
    this.#attaching = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  readonly attach: RoomLog['attach'] = async (...args) => {
    this.attachments++;
    await this.#attaching;
    if (this.unreachable === 0) return this.#read(() => this.#log.attach(...args));
    this.unreachable--;
    throw new SignalError(ErrorCode.UNAVAILABLE, 'on purpose');
  };
  readonly read: RoomLog['read'] = async (stream, after, maxBytes) => {
    if (!this.#isBrokenOff) return this.#log.read(stream, after, maxBytes);
    const epoch = (await this.#log.state(stream))?.head.epoch ?? 0;
    if (after.epoch === epoch) return { good: false, why: 'lost' };
    const read = await this.#log.read(stream, { ...after, epoch }, maxBytes);
    return read.good ? { ...read, through: { ...read.through, epoch: epoch - 1 } } : read;
  };
  readonly state: RoomLog['state'] = async (stream) => {
    const state = await this.#read(() => this.#log.state(stream));
    if (state === undefined || !this.#isBrokenOff) return state;
    return { ...state, head: { ...state.head, epoch: state.head.epoch - 1 } };
  };
  readonly subscribe: RoomLog['subscribe'] = (...args) => this.#log.subscribe(...args);
  readonly publish: RoomLog['publish'] = (...args) => this.#log.publish(...args);
  readonly rooms: RoomLog['rooms'] = (...args) => this.#log.rooms(...args);
}
