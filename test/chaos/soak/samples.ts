import { median } from '../report/quantile.ts';
import type { Late } from './lateness.ts';

/** What is held at one moment, all nodes together. */
export interface Sample {
  readonly heap_bytes: number;
  readonly rss_bytes: number;
  /** What keeps event loops going, and listeners of the processes and their servers. */
  readonly handles: number;
  /** Timers that are waited for, whether they keep an event loop going or not. */
  readonly timers: number;
  readonly redis_keys: number;
}

export type Held = keyof Sample;

/** How much of it there may be more at the end: a share, and so many where there are few. */
const tolerances: Readonly<Record<Held, { readonly share: number; readonly least: number }>> = {
  heap_bytes: { share: 0.1, least: 3e6 },
  rss_bytes: { share: 0.15, least: 10e6 },
  // One more connection to each client that just comes back.
  handles: { share: 0.1, least: 10 },
  // Some for each request that is under way.
  timers: { share: 0.1, least: 20 },
  redis_keys: { share: 0.05, least: 10 },
};

/** The share of the time that is warm-up. */
const warmUpShare = 0.2;

/** The middle of the first third after the warm-up, that of the last third, and how much the last may be. */
export interface Steadiness {
  readonly first: number;
  readonly last: number;
  readonly allowed: number;
}

/** What was held, sample after sample. */
export class Samples {
  readonly #samples: Sample[] = [];
  #mostLate: Late = { nodes_late_ms: 0, clients_late_ms: 0 };

  add(sample: Sample): void {
    this.#samples.push(sample);
  }

  /** Between two samples event loops came so late. */
  addLate(late: Late): void {
    const { nodes_late_ms, clients_late_ms } = this.#mostLate;
    this.#mostLate = {
      nodes_late_ms: Math.max(nodes_late_ms, late.nodes_late_ms),
      clients_late_ms: Math.max(clients_late_ms, late.clients_late_ms),
    };
  }

  get mostLate(): Late {
    return this.#mostLate;
  }

  get count(): number {
    return this.#samples.length;
  }

  get steadiness(): Readonly<Record<Held, Steadiness>> {
    const warm = this.#samples.slice(Math.floor(this.#samples.length * warmUpShare));
    const third = Math.max(1, Math.floor(warm.length / 3));
    const of = (held: Held): Steadiness => {
      const middle = (samples: readonly Sample[]) => median(samples.map((sample) => sample[held]));
      const [first, last] = [middle(warm.slice(0, third)), middle(warm.slice(-third))];
      const { share, least } = tolerances[held];
      return { first, last, allowed: Math.round(first + Math.max(first * share, least)) };
    };
    return {
      heap_bytes: of('heap_bytes'),
      rss_bytes: of('rss_bytes'),
      handles: of('handles'),
      timers: of('timers'),
      redis_keys: of('redis_keys'),
    };
  }

  /** What there is more of than is allowed, a sentence each. */
  get grown(): readonly string[] {
    return Object.entries(this.steadiness)
      .filter(([, { last, allowed }]) => last > allowed)
      .map(
        ([held, { first, last, allowed }]) =>
          `${held}: ${last} at last, ${first} at first, ${allowed} allowed`,
      );
  }
}
