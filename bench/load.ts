import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../test/seeded-run/random.ts';
import { messageNumber, messageText } from './message.ts';
import { quantile } from './statistics.ts';
import { maxUnanswered, type Pair, type RunningSubject } from './subject.ts';

export interface LoadOptions {
  readonly pairs: number;
  readonly messages: number;
  /** Messages before the count begins, so that what is measured is compiled. */
  readonly warmUpMessages: number;
  /** Messages a second, all pairs together, at even distances. */
  readonly rate: number;
  /** Decides which pair each message goes through. */
  readonly seed: number;
}

export interface LoadResult<Part extends string> {
  readonly cpuUsPerMessage: Readonly<Record<Part, number>>;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const drainTimeoutMs = 10_000;

/** Loads servers at a fixed rate and checks that every message arrives once, at the right client, in order. */
export async function load<Part extends string>(
  subject: RunningSubject<Part>,
  options: LoadOptions,
): Promise<LoadResult<Part>> {
  const { messages, warmUpMessages, rate } = options;
  const traffic = new Traffic(warmUpMessages + messages, options.pairs, new Random(options.seed, 0));
  const pairs = await Promise.all(
    Array.from({ length: options.pairs }, (_, index) =>
      subject.connect(index, (bytes) => traffic.received(index, bytes)),
    ),
  );
  await traffic.send(pairs, warmUpMessages, rate);
  const before = await subject.cpuTimeUs();
  const startMs = performance.now();
  await traffic.send(pairs, messages, rate);
  const seconds = (performance.now() - startMs) / 1000;
  const after = await subject.cpuTimeUs();
  await subject.audit(warmUpMessages + messages);
  for (const pair of pairs) pair.close();
  const latencies = traffic.latenciesMs(warmUpMessages);
  const parts = Object.keys(after) as Part[];
  return {
    cpuUsPerMessage: Object.fromEntries(
      parts.map((part) => [part, (after[part] - before[part]) / messages]),
    ) as Record<Part, number>,
    perSecond: messages / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/** All messages of a run, by number: through which pair each went, when it was sent and when it arrived. */
class Traffic {
  readonly #pairOf: Uint16Array;
  readonly #sentAtMs: Float64Array;
  readonly #receivedAtMs: Float64Array;
  /** The message that each pair is to receive next; the count of messages where there is none. */
  readonly #next: Uint32Array;
  #sent = 0;
  #received = 0;

  constructor(messages: number, pairs: number, random: Random) {
    this.#pairOf = Uint16Array.from({ length: messages }, () => random.int(0, pairs - 1));
    this.#sentAtMs = new Float64Array(messages);
    this.#receivedAtMs = new Float64Array(messages);
    this.#next = Uint32Array.from({ length: pairs }, (_, pair) => this.#nextOf(pair, 0));
  }

  received(pair: number, bytes: Buffer): void {
    const number = messageNumber(bytes);
    const expected = this.#next[pair];
    if (number !== expected) throw new Error(`pair ${pair} got message ${number}, ${expected} was next`);
    this.#next[pair] = this.#nextOf(pair, number + 1);
    this.#receivedAtMs[number] = performance.now();
    this.#received++;
  }

  /** Sends messages at the rate and resolves when all have arrived. */
  async send(pairs: readonly Pair[], messages: number, rate: number): Promise<void> {
    const startMs = performance.now();
    const first = this.#sent;
    const end = first + messages;
    while (this.#sent < end) {
      const due = Math.min(end, first + Math.floor(((performance.now() - startMs) * rate) / 1000));
      while (this.#sent < due && this.#sendNext(pairs));
      await delay(1);
    }
    const deadlineMs = performance.now() + drainTimeoutMs;
    while (this.#received < end) {
      if (performance.now() > deadlineMs) throw new Error(`${end - this.#received} messages never arrived`);
      await delay(1);
    }
  }

  latenciesMs(from: number): Float64Array {
    return this.#receivedAtMs
      .slice(from)
      .map((atMs, index) => atMs - (this.#sentAtMs[from + index] ?? 0))
      .sort();
  }

  #sendNext(pairs: readonly Pair[]): boolean {
    const pair = pairs[this.#pairOf[this.#sent] ?? 0];
    if (pair === undefined || pair.unanswered >= maxUnanswered) return false;
    this.#sentAtMs[this.#sent] = performance.now();
    pair.send(messageText(this.#sent));
    this.#sent++;
    return true;
  }

  #nextOf(pair: number, from: number): number {
    const next = this.#pairOf.indexOf(pair, from);
    return next === -1 ? this.#pairOf.length : next;
  }
}
