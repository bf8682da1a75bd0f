import type { Hint, HintName, SessionHints } from './session-hints.ts';

/** Every so many times that hints are to be revisited it is done. */
const revisitTimes = 2;
/** How many are looked at then, and how many put back. */
const scanned = 128;
const restored = 1_024;
/** A hint is looked at every so many visits at most: a node with few sessions does not look at all of them each time. */
const passVisits = 8;
/** How often a session is looked at whose taking is in doubt and of which there is nothing yet: what was sent may be carried out late. */
const looksInDoubt = 16;

/** A call that gives a session to the node, and for how long the session may then be without a connection. */
export interface Taking {
  /** As the record names it where it was carried out last. */
  readonly call: string;
  readonly windowMs: number;
}

/**
 * The hints of a node whose process this is, with what only that process knows: which sessions it is about to take, and which
 * it took.
 *
 * Why no hint is missing while the node has a session. A hint is removed only by
 *   - this process, after the record named another node or was gone, and if it was not about to take the session. If it
 *     begins to take it later, its hint is added behind the removal, to the same server.
 *   - whoever adopts from this node because it took it for dead, or forgets the session for good.
 * What that leaves out (a removal that is carried out a second time and late; a node that was taken for dead while it attached
 * a session; a failover that lost the hint and not the record) is put back by `revisit`, as long as the process lives, and
 * is removed by the scan where it is one too many.
 */
export class OwnHints {
  readonly #hints: SessionHints;
  readonly #node: string;
  /** Sessions that calls under way may give to the node, with how many of them do. */
  readonly #taking = new Map<HintName, number>();
  /** Sessions that the node has as far as it knows. */
  readonly #taken = new Set<HintName>();
  /** Sessions that may have become the node's by a call which failed here, so that no connection has them. */
  readonly #doubtful = new Map<HintName, Taking & { looks: number }>();
  #restoring: Iterator<HintName> | undefined;
  /** How often it was asked to revisit. */
  #asked = 0;
  /** The scan's pass over all hints: where it is, and how many visits it has had. */
  #pass = { rank: 0, isOver: false, visits: 0 };
  #left: readonly HintName[] | undefined;

  constructor(hints: SessionHints, node: string) {
    this.#hints = hints;
    this.#node = node;
  }

  /**
   * Adds the hints of sessions, then does what may give them to the node. `taking`: as what it is done, where a connection is to have
   * them then.
   */
  async take<Result>(
    names: readonly HintName[],
    work: () => Promise<Result>,
    taking?: Taking,
  ): Promise<Result> {
    for (const name of names) this.#taking.set(name, (this.#taking.get(name) ?? 0) + 1);
    try {
      await this.#hints.add(this.#node, names);
      return await work();
    } catch (error) {
      // It may have been done all the same.
      for (const name of names) {
        this.#taken.add(name);
        if (taking !== undefined) this.#doubtful.set(name, { ...taking, looks: looksInDoubt });
      }
      throw error;
    } finally {
      for (const name of names) this.#endTaking(name);
    }
  }

  took(name: HintName): void {
    this.#taken.add(name);
    this.#doubtful.delete(name);
  }

  forgot(name: HintName): void {
    this.#taken.delete(name);
    this.#doubtful.delete(name);
  }

  /** The window of a session that no connection has, for the call that took it failed here and was carried out; undefined: it is not so. */
  windowOfForsaken(name: HintName, call: string): number | undefined {
    const doubt = this.#doubtful.get(name);
    return doubt?.call === call ? doubt.windowMs : undefined;
  }

  /** What was in doubt is known: the session is without a connection by its record too. */
  detached(name: HintName): void {
    this.#doubtful.delete(name);
  }

  hasTaken(name: HintName): boolean {
    return this.#taken.has(name);
  }

  /**
   * The record named another node, or was gone: whether its hint can go. A session that was taken may be one that was taken while the
   * record was looked at: it is not counted as taken any more, and its hint goes when the record says so once more.
   */
  mayRemove(name: HintName): boolean {
    const doubt = this.#doubtful.get(name);
    if (doubt !== undefined) {
      doubt.looks -= 1;
      if (doubt.looks > 0) return false;
      this.#doubtful.delete(name);
    }
    return !this.#taking.has(name) && !this.#taken.delete(name);
  }

  /**
   * Every so many times that it is called: puts back some of the hints that have to be there, and gives some of those that are there, which are
   * to be looked at; others each time.
   */
  async revisit(): Promise<readonly Hint[]> {
    if (this.#asked++ % revisitTimes !== 0) return [];
    const [, hints] = await Promise.all([this.#restore(), this.#scan()]);
    return hints;
  }

  /**
   * Of the sessions that an earlier process of the node left, those that come next, at most `limit`, and how to say that they are
   * done with. What this process has so far counts as left by an earlier one when the first are asked for.
   */
  async left(limit: number): Promise<{ readonly names: readonly HintName[]; readonly done: () => void }> {
    if (this.#left === undefined) {
      const hints = await this.#hints.from(this.#node, 0, Number.MAX_SAFE_INTEGER);
      this.#taken.clear();
      this.#left = hints.map(({ name }) => name);
    }
    const left = this.#left;
    const done = () => {
      this.#left = left.length > 0 ? left.slice(limit) : undefined;
    };
    return { names: left.slice(0, limit), done };
  }

  async #restore(): Promise<void> {
    this.#restoring ??= this.#taken.values();
    const names: HintName[] = [];
    while (names.length < restored) {
      const next = this.#restoring.next();
      if (next.done === true) {
        this.#restoring = undefined;
        break;
      }
      names.push(next.value);
    }
    await this.#hints.add(this.#node, names);
  }

  /** None where all were looked at just now. */
  async #scan(): Promise<readonly Hint[]> {
    if (this.#pass.isOver && this.#pass.visits >= passVisits)
      this.#pass = { rank: 0, isOver: false, visits: 0 };
    this.#pass.visits += 1;
    if (this.#pass.isOver) return [];
    const hints = await this.#hints.from(this.#node, this.#pass.rank, scanned);
    this.#pass.rank += scanned;
    this.#pass.isOver = hints.length < scanned;
    return hints;
  }

  #endTaking(name: HintName): void {
    const others = (this.#taking.get(name) ?? 1) - 1;
    if (others === 0) this.#taking.delete(name);
    else this.#taking.set(name, others);
  }
}

/** The nodes whose process this is: in production one. */
export class OwnNodes {
  readonly #hints: SessionHints;
  readonly #nodes = new Map<string, OwnHints>();

  constructor(hints: SessionHints) {
    this.#hints = hints;
  }

  of(node: string): OwnHints {
    const own = this.#nodes.get(node) ?? new OwnHints(this.#hints, node);
    this.#nodes.set(node, own);
    return own;
  }

  /** The session is forgotten, whichever node had it. */
  forgot(node: string, name: HintName): void {
    this.#nodes.get(node)?.forgot(name);
  }
}
