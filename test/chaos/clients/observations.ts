import type { LeaveReason } from '../../../src/client/index.ts';
import type { Bell } from '../bell.ts';

/** A `peer_left` as one member saw it. */
export interface SeenLeaving {
  readonly seenBy: string;
  readonly peerId: string;
  readonly reason: LeaveReason;
  /** By `performance.now()`. */
  readonly atMs: number;
}

/** What the SDKs of all clients said, beside the messages. */
export class Observations {
  readonly #changes: Bell;
  readonly #left: SeenLeaving[] = [];
  readonly #startedAnew = new Map<string, number>();
  readonly #notRecovered = new Map<string, number>();
  readonly #ended: string[] = [];
  #resumes = 0;
  #resumesOk = 0;
  #resumesElsewhere = 0;
  #toldAway = 0;
  #toldBack = 0;

  constructor(changes: Bell) {
    this.#changes = changes;
  }

  /** A client is connected again; `recovered`: without a gap; `elsewhere`: to another node than before. */
  resumed(
    client: string,
    { recovered, elsewhere }: { readonly recovered: boolean; readonly elsewhere: boolean },
  ): void {
    this.#resumes += 1;
    if (elsewhere) this.#resumesElsewhere += 1;
    if (recovered) this.#resumesOk += 1;
    else this.#notRecovered.set(client, this.notRecoveredOf(client) + 1);
    this.#changes.ring();
  }

  /** A client was told that what the server depends on is away, or is back. */
  serviceStatus(available: boolean): void {
    if (available) this.#toldBack += 1;
    else this.#toldAway += 1;
    this.#changes.ring();
  }

  /** A client's room started again from a snapshot. */
  startAnew(client: string): void {
    this.#startedAnew.set(client, this.startsAnewOf(client) + 1);
    this.#changes.ring();
  }

  peerLeft(seen: SeenLeaving): void {
    this.#left.push(seen);
    this.#changes.ring();
  }

  /** A client is out of its room, or over, or the server is, although nobody asked for it. */
  end(who: string, why: string): void {
    this.#ended.push(`${who}: ${why}`);
    this.#changes.ring();
  }

  get left(): readonly SeenLeaving[] {
    return this.#left;
  }

  get resumes(): number {
    return this.#resumes;
  }

  get resumesOk(): number {
    return this.#resumesOk;
  }

  get resumesElsewhere(): number {
    return this.#resumesElsewhere;
  }

  get toldAway(): number {
    return this.#toldAway;
  }

  get toldBack(): number {
    return this.#toldBack;
  }

  /** Rooms that started again from a snapshot, all clients together. */
  get startsAnew(): number {
    return [...this.#startedAnew.values()].reduce((sum, count) => sum + count, 0);
  }

  startsAnewOf(client: string): number {
    return this.#startedAnew.get(client) ?? 0;
  }

  /** How often a client was told on its return that it did not recover. */
  notRecoveredOf(client: string): number {
    return this.#notRecovered.get(client) ?? 0;
  }

  /** Who went out of a room or ended by itself, and why. */
  get ended(): readonly string[] {
    return this.#ended;
  }
}
