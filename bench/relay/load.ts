import { setTimeout as delay } from 'node:timers/promises';
import { cpuTimeUs } from '../cpu-time.ts';
import { messageNumber, messageText } from './message.ts';
import { maxUnanswered, type Pair, type RunningSubject } from './subject.ts';

export interface LoadOptions {
  readonly pairs: number;
  readonly messages: number;
  /** Messages a second, all pairs together, at even distances. */
  readonly rate: number;
}

export interface LoadResult {
  readonly serverCpuUsPerMessage: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Messages before the count begins, so that what is measured is compiled. */
const warmUpMessages = 20_000;
const drainTimeoutMs = 10_000;

/** Loads a server at a fixed rate and checks that every message arrives once, at the right client, in order. */
export async function load(subject: RunningSubject, options: LoadOptions): Promise<LoadResult> {
  const traffic = new Traffic(warmUpMessages + options.messages);
  const pairs = await Promise.all(
    Array.from({ length: options.pairs }, (_, index) =>
      subject.connect(index, (bytes) => traffic.received(index, options.pairs, bytes)),
    ),
  );
  await traffic.send(pairs, warmUpMessages, options.rate);
  const startUs = cpuTimeUs(subject.process.pid);
  const startMs = performance.now();
  await traffic.send(pairs, options.messages, options.rate);
  const seconds = (performance.now() - startMs) / 1000;
  const cpuUs = cpuTimeUs(subject.process.pid) - startUs;
  await subject.audit(warmUpMessages + options.messages);
  for (const pair of pairs) pair.close();
  const latencies = traffic.latenciesMs(warmUpMessages);
  return {
    serverCpuUsPerMessage: cpuUs / options.messages,
    perSecond: options.messages / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

/** All messages of a run: when each was sent and when it arrived. Message n goes through pair n modulo the count of pairs. */
class Traffic {
  readonly #sentAtMs: Float64Array;
  readonly #receivedAtMs: Float64Array;
  readonly #nextOfPair: number[] = [];
  #sent = 0;
  #received = 0;

  constructor(messages: number) {
    this.#sentAtMs = new Float64Array(messages);
    this.#receivedAtMs = new Float64Array(messages);
  }

  received(pair: number, pairs: number, bytes: Buffer): void {
    const number = messageNumber(bytes);
    const expected = this.#nextOfPair[pair] ?? pair;
    if (number !== expected) throw new Error(`pair ${pair} got message ${number}, ${expected} was next`);
    this.#nextOfPair[pair] = expected + pairs;
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
    const pair = pairs[this.#sent % pairs.length];
    if (pair === undefined || pair.unanswered >= maxUnanswered) return false;
    this.#sentAtMs[this.#sent] = performance.now();
    pair.send(messageText(this.#sent));
    this.#sent++;
    return true;
  }
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
