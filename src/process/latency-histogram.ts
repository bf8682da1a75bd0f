import type { Metric, MetricValueWithName } from 'prom-client';

/**
 * A histogram of Prometheus that costs a few comparisons an observation, where that of `prom-client` costs some lookups by text.
 * It is registered beside those.
 */
export class LatencyHistogram {
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  /** How many were in each bucket, the last of those beyond every bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  /** `bounds`: the upper ones of the buckets, ascending. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** As the registry wants it, which asks nothing of a metric but `get`. */
  get metric(): Metric {
    return this as unknown as Metric;
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  /** What the registry writes of it. */
  get(): Promise<object> {
    let count = 0;
    const values = Array.from(this.#counts, (inBucket, bucket): MetricValueWithName<'le'> => {
      count += inBucket;
      return {
        metricName: `${this.name}_bucket`,
        labels: { le: this.#bounds[bucket] ?? '+Inf' },
        value: count,
      };
    });
    values.push({ metricName: `${this.name}_sum`, labels: {}, value: this.#sum });
    values.push({ metricName: `${this.name}_count`, labels: {}, value: count });
    const { name, help } = this;
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }
}
