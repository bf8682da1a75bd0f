import { Random } from '../../seeded-run/random.ts';
import type { Nodes } from '../nodes/nodes.ts';
import { type VisitEnd, visit, visitEnds } from './visit.ts';

export interface CrowdOptions {
  readonly nodes: Nodes;
  readonly seed: number;
  readonly users: number;
  readonly rooms: readonly [string, ...string[]];
  readonly atOnce: number;
  readonly stop: AbortSignal;
}

/** Ephemeral ports are few; each address of loopback has its own. */
const addresses = 16;
/** Streams of chance: one a visit, and from here one for the nodes that it goes to. */
const nodeChoices = 1_000_000;
/** After so many a run need not go on: with a healthy server none fails. */
const mostFailures = 10;

/** Clients that come and go, so many at once. */
export class CrowdOfVisits {
  readonly #options: CrowdOptions;
  readonly #tokens: readonly string[];
  readonly ends: Record<VisitEnd, number>;
  /** Why visits went otherwise than they were meant to. */
  readonly failures: string[] = [];
  visits = 0;
  joins = 0;
  resumes = 0;
  /** Those who came back after their window: a busy machine. */
  tooLate = 0;

  private constructor(options: CrowdOptions, tokens: readonly string[]) {
    this.#options = options;
    this.#tokens = tokens;
    this.ends = Object.fromEntries(visitEnds.map((end) => [end, 0])) as Record<VisitEnd, number>;
  }

  /** Connections that were dropped without a word. */
  get cuts(): number {
    const { left, signed_out: signedOut, closed } = this.ends;
    return this.visits - left - signedOut - closed + this.resumes + this.tooLate;
  }

  static async gather(options: CrowdOptions): Promise<CrowdOfVisits> {
    const names = Array.from({ length: options.users }, (_, index) => `user-${index}`);
    return new CrowdOfVisits(options, await Promise.all(names.map((name) => options.nodes.token(name))));
  }

  /** Until there were so many joins in all. Resolves when the last visit is over. */
  async churn(joins: number, onProgress: () => void): Promise<void> {
    const lines = Array.from({ length: this.#options.atOnce }, async () => {
      while (this.joins < joins && this.failures.length < mostFailures) {
        this.#options.stop.throwIfAborted();
        await this.#visit();
        onProgress();
      }
    });
    await Promise.all(lines);
  }

  async #visit(): Promise<void> {
    const { nodes, seed, rooms } = this.#options;
    const number = this.visits++;
    const random = new Random(seed, number);
    const nodeChoice = new Random(seed, nodeChoices + number);
    const end = random.pick(visitEnds);
    try {
      await visit({
        url: () => nodes.wsUrlFor(nodeChoice),
        from: `127.0.1.${1 + (number % addresses)}`,
        token: this.#tokens[number % this.#tokens.length] ?? '',
        rooms,
        random,
        end,
        onJoin: () => {
          this.joins += 1;
        },
        onResume: (resumed) => {
          if (resumed) this.resumes += 1;
          else this.tooLate += 1;
        },
      });
    } catch (error) {
      this.failures.push(`a visit that ends as ${end}: ${String(error)}`);
    }
    this.ends[end] += 1;
  }
}
