import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What is asked for when somebody looks: the name without its suffix, what it means, its value. */
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

/**
 * The metrics of a signaling node, in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/),
 * with those of the process beside them.
 */
export class PrometheusMetrics {
  readonly #registry = new Registry();
  readonly #messages = this.#counter('messages_total', 'Requests of clients that were carried out.', 'type');
  readonly #refusals = this.#counter('refused_requests_total', 'Requests that got an error.', 'code');
  readonly #resumes = this.#counter('resumed_rooms_total', 'Rooms of sessions that came back.', 'outcome');
  readonly #disconnects = this.#counter('ws_disconnects_total', 'Connections that ended.', 'code');
  readonly #relayLatency = new Histogram({
    name: 'relay_latency_ms',
    help: 'From the frame of a relay to its place in the log of its room, in milliseconds.',
    buckets: latencyBucketsMs,
    registers: [this.#registry],
  });
  readonly #messagesByType = new Map<string, Counter.Internal>();

  constructor() {
    collectDefaultMetrics({
      register: this.#registry,
      eventLoopMonitoringPrecision: eventLoopPrecisionMs,
    });
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

  handled(type: string): void {
    let counter = this.#messagesByType.get(type);
    if (counter === undefined) {
      counter = this.#messages.labels(type);
      this.#messagesByType.set(type, counter);
    }
    counter.inc();
  }

  relayed(latencyMs: number): void {
    this.#relayLatency.observe(latencyMs);
  }

  refused(code: string): void {
    this.#refusals.inc({ code });
  }

  resumedRoom(outcome: string): void {
    this.#resumes.inc({ outcome });
  }

  disconnected(code: number): void {
    this.#disconnects.inc({ code });
  }

  #counter<Label extends string>(name: string, help: string, label: Label): Counter<Label> {
    return new Counter({ name, help, labelNames: [label], registers: [this.#registry] });
  }
}
