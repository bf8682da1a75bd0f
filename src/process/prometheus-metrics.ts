import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { CloseCode } from '../shared/close-codes.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** What is asked for when somebody looks: the name, what it means, its value. */
export interface GaugeOf {
  readonly name: string;
  readonly help: string;
  readonly value: () => number;
}

/** In milliseconds: a relay within a process takes a fraction of one, over a store a few. */
const latencyBucketsMs = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500];
/** Gauges of Node that are named as counters are, which `promtool check metrics` takes for mistakes. */
const misnamed = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];
const eventLoopPrecisionMs = 100;

interface Count {
  count: number;
}

/** Those that a server or a WebSocket gives: a client can close with any of 2,000 others, which must not be a time series each. */
const closeCodes: ReadonlySet<number> = new Set([
  // RFC 6455, section 7.4.1.
  ...[1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013],
  ...Object.values(CloseCode),
]);

/**
 * The metrics of a signaling node, in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/),
 * with those of the process beside them. What happens with each message is counted in plain numbers, and given to the library
 * when somebody looks.
 */
export class PrometheusMetrics {
  readonly #registry = new Registry();
  readonly #handled = this.#counter('messages_total', 'Requests of clients that were carried out.', 'type');
  readonly #refused = this.#counter('refused_requests_total', 'Requests that got an error.', 'code');
  readonly #resumed = this.#counter('resumed_rooms_total', 'Rooms of sessions that came back.', 'outcome');
  readonly #disconnected = this.#counter('ws_disconnects_total', 'Connections that ended.', 'code');
  readonly #latency = new LatencyHistogram(
    'relay_latency_ms',
    'From the frame of a relay to its place in the log of its room, in milliseconds.',
    latencyBucketsMs,
  );

  #redisRefusals: ReadonlyMap<string, number> = new Map();

  constructor() {
    this.#countRedisRefusals();
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: eventLoopPrecisionMs,
    });
    this.#registry.registerMetric(this.#latency.metric);
    for (const name of misnamed) this.#registry.removeSingleMetric(name);
  }

  readonly contentType = this.#registry.contentType;

  /** Everything, as Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Adds gauges whose values are asked for at each look. */
  watch(gauges: readonly GaugeOf[]): void {
    for (const { name, help, value } of gauges) {
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(value());
        },
      });
    }
  }

  /** Takes how often Redis refused from a map that grows, at each look. */
  watchRedis(refusals: ReadonlyMap<string, number>): void {
    this.#redisRefusals = refusals;
  }

  handled(type: string): void {
    increase(this.#handled, type);
  }

  relayed(latencyMs: number): void {
    this.#latency.observe(latencyMs);
  }

  refused(code: string): void {
    increase(this.#refused, code);
  }

  resumedRoom(outcome: string): void {
    increase(this.#resumed, outcome);
  }

  disconnected(code: number): void {
    increase(this.#disconnected, closeCodes.has(code) ? `${code}` : 'other');
  }

  /** The counts of a counter by the values of its one label. */
  #counter(name: string, help: string, label: string): Map<string, Count> {
    const counts = new Map<string, Count>();
    this.#counterOf(name, help, label, function* () {
      for (const [value, { count }] of counts) yield [value, count];
    });
    return counts;
  }

  #countRedisRefusals(): void {
    const help = 'Commands that Redis refused and that were tried again.';
    this.#counterOf('redis_refusals_total', help, 'kind', () => this.#redisRefusals);
  }

  /** A counter with one label, whose counts by its values are asked for at each look. */
  #counterOf(
    name: string,
    help: string,
    label: string,
    counts: () => Iterable<readonly [string, number]>,
  ): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [value, count] of counts()) this.inc({ [label]: value }, count);
      },
    });
  }
}

function increase(counts: Map<string, Count>, value: string): void {
  const known = counts.get(value);
  if (known === undefined) counts.set(value, { count: 1 });
  else known.count++;
}
