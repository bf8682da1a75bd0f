import type { Clock } from '../../shared/clock.ts';
import { Pause } from '../../shared/pause.ts';
import { SignalError } from '../../shared/signal-error.ts';
import type { Log } from '../port/log.ts';
import type { NodeLease, NodeLeases } from '../port/node-leases.ts';
import type { SessionStore } from '../port/session-store.ts';
import { DeadNodes } from './dead-nodes.ts';
import { NameContest } from './name-contest.ts';

export interface NodeWatchOptions {
  readonly leases: NodeLeases;
  readonly store: SessionStore;
  /** Which node this is. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a node may be silent before the others take it for dead, in milliseconds. */
  readonly leaseMs: number;
  /** This node was paused for so long that others may have taken it for dead: it has to let go of its clients. */
  readonly onPaused: () => void;
  /** The store may have lost something that it had. */
  readonly onLoss: () => void;
  /**
   * This node could not say that it lives for so long that others may have taken it for dead, and then have let it live: whose its sessions
   * are has to be looked at, for what was said of them may not have come here either.
   */
  readonly onCutOff: () => void;
}

const batch = 500;
/** How long a node that starts waits before it asks the store again, in milliseconds. */
const startAgainMs = 1_000;

/** Says that this node lives, and takes over the sessions of nodes that don't. */
export class NodeWatch {
  readonly #options: NodeWatchOptions;
  readonly #dead: DeadNodes;
  readonly #contest: NameContest;
  readonly #beatMs: number;
  readonly #adopting = new Set<string>();
  /** Dead nodes that the log names already, as long as they are dead. */
  readonly #told = new Set<string>();
  #cancel: (() => void) | undefined;
  readonly #pause: Pause;
  #isStopped = false;
  #takesOver = true;
  #beats = 0;
  #lastBeatMs = 0;
  #isReading = false;
  #isAlone = true;
  #isRenewing = false;
  /** When the last renewal was asked for that succeeded. */
  #renewedMs = 0;
  /** Of this node, as it was after that. */
  #lease: NodeLease | undefined;
  /** What failed the last time. */
  readonly #failing = new Set<'renew' | 'read'>();

  constructor(options: NodeWatchOptions) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#dead = new DeadNodes({ leaseMs: options.leaseMs, maxGapMs: options.leaseMs / 2 });
    this.#contest = new NameContest(options);
    this.#beatMs = options.leaseMs / 6;
  }

  /**
   * Registers the node and takes over what an earlier process of it left: to be awaited before it has a session. Where the store can't be
   * reached it is tried until it can.
   */
  async start(): Promise<void> {
    const { leases, store, node, clock } = this.#options;
    await this.#untilReached(async () => {
      this.#renewedMs = clock.monotonicMs();
      this.#lease = await leases.renew(node);
    });
    this.#lastBeatMs = clock.monotonicMs();
    this.#beat();
    await this.#untilReached(async () => {
      while (!this.#isStopped && (await store.adopt(node, node, batch)));
    });
  }

  /**
   * For a node that will stop soon: it goes on saying that it lives, and takes over from nobody. What it took over now would wait for its own
   * end, and then for another lease and window.
   */
  stopTakingOver(): void {
    this.#takesOver = false;
  }

  /** The node is taken for dead when its lease is over; whoever lives on takes care of what it left. */
  stop(): void {
    this.#takesOver = false;
    this.#isStopped = true;
    this.#pause.end();
    this.#cancel?.();
  }

  async #untilReached(call: () => Promise<void>): Promise<void> {
    const { log } = this.#options;
    while (!this.#isStopped) {
      try {
        await call();
        return;
      } catch (thrown) {
        const error = SignalError.from(thrown);
        if (!error.retryable) throw thrown;
        log.warn('node.start_waits', { code: error.codeName, reason: error.message });
        await this.#pause.wait(startAgainMs);
      }
    }
  }

  /** Reads six times in a lease and renews three times. Waits for nothing, so that a beat that is late means a process that stood still. */
  #beat(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(this.#beatMs, () => this.#beat());
    this.#lookForPause();
    void this.#read();
    if (this.#beats++ % 2 === 0) void this.#renew();
  }

  /**
   * It did not renew for a lease, and that is not the store's doing: then others may have adopted its sessions. A node that the
   * store does not answer keeps its connections, and so does one that is alone: there is nobody to send the clients to.
   */
  #lookForPause(): void {
    const { clock, log, leaseMs, onPaused } = this.#options;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#lastBeatMs - this.#beatMs;
    this.#lastBeatMs = nowMs;
    const silentMs = nowMs - this.#renewedMs;
    if (lateMs < this.#beatMs || silentMs < leaseMs || this.#failing.has('renew') || this.#isAlone) return;
    log.warn('node.paused', { silentMs: Math.round(silentMs) });
    onPaused();
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    const { leases, node, clock } = this.#options;
    this.#isRenewing = true;
    const askedMs = clock.monotonicMs();
    try {
      const lease = await leases.renew(node);
      // Its counter stood still from some time after it was asked for the last time to some time before this answer.
      const silentMs = clock.monotonicMs() - this.#renewedMs;
      this.#renewedMs = askedMs;
      this.#succeeded('renew');
      this.#renewed(lease, silentMs);
    } catch (error) {
      this.#contest.failed();
      this.#failed('renew', error);
    } finally {
      this.#isRenewing = false;
    }
  }

  #renewed(lease: NodeLease, silentMs: number): void {
    const { leaseMs, onLoss, onCutOff } = this.#options;
    const before = this.#lease;
    this.#lease = lease;
    if (before === undefined || this.#isStopped) return;
    this.#contest.renewed(before, lease);
    // A flush leaves the lineage as it is, but no counter; a failover may lose what the counter does not tell.
    if (lease.counter <= before.counter || lease.lineage !== before.lineage) onLoss();
    else if (silentMs >= leaseMs) onCutOff();
  }

  async #read(): Promise<void> {
    if (this.#isReading) return;
    const { leases, node, clock } = this.#options;
    this.#isReading = true;
    const askedMs = clock.monotonicMs();
    try {
      const read = await leases.read();
      this.#isAlone = [...read.keys()].every((other) => other === node);
      this.#dead.saw(read, askedMs, clock.monotonicMs());
      for (const told of this.#told) if (this.#dead.counterOf(told) === undefined) this.#told.delete(told);
      this.#succeeded('read');
    } catch (error) {
      this.#dead.failed();
      this.#failed('read', error);
    } finally {
      this.#isReading = false;
    }
    if (!this.#takesOver) return;
    for (const dead of this.#dead.all) if (dead !== node) void this.#takeOver(dead);
  }

  #succeeded(what: 'renew' | 'read'): void {
    if (this.#failing.delete(what)) this.#options.log.info('node.leases_back', { what });
  }

  /** In the log once for each time that the store is away. */
  #failed(what: 'renew' | 'read', error: unknown): void {
    if (this.#failing.has(what)) return;
    this.#failing.add(what);
    this.#options.log.warn('node.leases_failed', { what, code: SignalError.from(error).codeName });
  }

  /** Until nothing is left of it, or it shows a sign of life. Where that fails, it is dead still at the next read. */
  async #takeOver(dead: string): Promise<void> {
    if (this.#adopting.has(dead)) return;
    const { leases, store, node, log } = this.#options;
    this.#adopting.add(dead);
    const isNew = !this.#told.has(dead);
    this.#told.add(dead);
    try {
      if (isNew) log.warn('node.dead', { dead });
      for (let isLeft = true; isLeft && this.#mayAdoptFrom(dead); )
        isLeft = await store.adopt(dead, node, batch);
      const counter = this.#dead.counterOf(dead);
      if (counter === undefined || !this.#takesOver) return;
      await leases.forget(dead, counter);
      log.info('node.adopted', { dead });
    } catch (error) {
      if (isNew) log.warn('node.adopt_failed', { dead, code: SignalError.from(error).codeName });
    } finally {
      this.#adopting.delete(dead);
    }
  }

  #mayAdoptFrom(node: string): boolean {
    return this.#takesOver && this.#dead.counterOf(node) !== undefined;
  }
}
