import { Random } from '../../seeded-run/random.ts';
import type { ProductionServer } from '../../server-process/production-server.ts';
import { type VisitEnd, visit, visitEnds } from './visit.ts';

export interface CrowdOptions {
  readonly server: ProductionServer;
  readonly seed: number;
  readonly users: number;
  readonly rooms: readonly [string, ...string[]];
  readonly atOnce: number;
  readonly stop: AbortSignal;
}

/** Ephemeral ports are few; each address of loopback has its own. */
const addresses = 16;
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

  static async gather(options: CrowdOptions): Promise<CrowdOfVisits> {
    const names = Array.from({ length: options.users }, (_, index) => `user-${index}`);
    return new CrowdOfVisits(options, await Promise.all(names.map((name) => options.server.token(name))));
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
    const { server, seed, rooms } = this.#options;
    const number = this.visits++;
    const random = new Random(seed, number);
    const end = random.pick(visitEnds);
    try {
      await visit({
        url: server.wsUrl,
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
