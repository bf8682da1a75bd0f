import { median, quantile } from '../report/quantile.ts';
import { mark, type Row, rows, title, verdict } from '../report/rows.ts';
import type { RunReport } from '../report/run-report.ts';
import { budgetBytes, type Trial } from './trial.ts';

/** Two trials with the same traffic; in `slow` one client did not read. docs/chaos.md says what each figure is. */
export interface PairFigures {
  readonly first: 'slow' | 'reading';
  readonly grew_slow_bytes: number;
  readonly grew_reading_bytes: number;
  readonly difference_bytes: number;
  readonly buffers_difference_bytes: number;
  readonly held_back_bytes: number;
  readonly kernel_bytes: number;
  readonly p99_slow_ms: number;
  readonly p99_reading_ms: number;
  readonly caught_up_ms: number;
}

export interface SlowReaderReport extends RunReport {
  readonly pairs: readonly PairFigures[];
  readonly allowed_bytes: number;
  readonly median_difference_bytes: number;
  readonly median_buffers_difference_bytes: number;
  readonly median_p99_slow_ms: number;
  readonly median_p99_reading_ms: number;
  readonly messages: number;
  readonly faults: Readonly<Record<string, number>>;
  /** What nodes and Redis had that they should not when all were gone; with one node it is not looked at. */
  readonly left_behind: readonly string[];
}

/** Beside the budget, for all that is kept of a connection that waits, in bytes. */
const slackBytes = 5_000_000;
const allowedBytes = budgetBytes + slackBytes;
/** A server without a budget would have grown by this many times what is allowed. */
const enoughHeldBack = 2;
/** The slow reader is noticed where the others take so much longer, in milliseconds, and twice as long: a busy machine makes much of nothing. */
const noticedMs = 50;

export function pairFigures(first: PairFigures['first'], slow: Trial, reading: Trial): PairFigures {
  return {
    first,
    grew_slow_bytes: slow.growth.rss,
    grew_reading_bytes: reading.growth.rss,
    difference_bytes: slow.growth.rss - reading.growth.rss,
    buffers_difference_bytes: held(slow) - held(reading),
    held_back_bytes: slow.heldBack,
    kernel_bytes: slow.inKernel,
    p99_slow_ms: p99(slow),
    p99_reading_ms: p99(reading),
    caught_up_ms: Math.round(slow.caughtUpMs),
  };
}

/** What swings from run to run is judged by the median of so many pairs, not of fewer. */
const enoughPairs = 5;

export type SlowReaderFigures = Omit<SlowReaderReport, keyof RunReport>;

export function slowReaderFigures(
  pairs: readonly PairFigures[],
  trials: readonly Trial[],
): SlowReaderFigures {
  const medianOf = (value: (pair: PairFigures) => number) => median(pairs.map(value));
  const faults: Record<string, number> = {};
  for (const [fault, count] of trials.flatMap((trial) => Object.entries(trial.faults)))
    faults[fault] = (faults[fault] ?? 0) + count;
  return {
    pairs,
    allowed_bytes: allowedBytes,
    median_difference_bytes: medianOf((pair) => pair.difference_bytes),
    median_buffers_difference_bytes: medianOf((pair) => pair.buffers_difference_bytes),
    median_p99_slow_ms: medianOf((pair) => pair.p99_slow_ms),
    median_p99_reading_ms: medianOf((pair) => pair.p99_reading_ms),
    messages: trials.reduce((sum, { messages }) => sum + messages, 0),
    faults,
    left_behind: trials.flatMap(({ leftBehind }) => leftBehind),
  };
}

/** What these figures break, or why they prove too little, a sentence each. */
export function brokenBySlowReader(figures: SlowReaderFigures): readonly string[] {
  const { pairs, faults, median_buffers_difference_bytes, left_behind } = figures;
  const least = Math.min(...pairs.map(({ held_back_bytes }) => held_back_bytes));
  return [
    ...Object.entries(faults)
      .filter(([, count]) => count > 0)
      .map(([fault, count]) => `${fault}: ${count}`),
    ...left_behind.map((what) => `left_behind: ${what}`),
    ...(pairs.length < enoughPairs ? [] : brokenByManyPairs(figures)),
    ...tooMuch('median_buffers_difference_bytes', median_buffers_difference_bytes),
    ...(least < enoughHeldBack * allowedBytes
      ? [`held_back_bytes: ${least} in one pair, ${enoughHeldBack * allowedBytes} are needed`]
      : []),
  ];
}

function brokenByManyPairs(figures: SlowReaderFigures): readonly string[] {
  const { median_p99_slow_ms: besideMs, median_p99_reading_ms: withoutMs } = figures;
  return [
    ...tooMuch('median_difference_bytes', figures.median_difference_bytes),
    ...(besideMs - withoutMs > noticedMs && besideMs > 2 * withoutMs
      ? [`median_p99_slow_ms: ${besideMs.toFixed(0)} ms, without a slow reader ${withoutMs.toFixed(0)}`]
      : []),
  ];
}

export function slowReaderTable(report: SlowReaderReport): string {
  const { pairs, faults, left_behind: left } = report;
  const isRight = (figure: string) => mark(!report.broken.some((sentence) => sentence.startsWith(figure)));
  const figures: readonly Row[] = [
    ['', 'messages', report.messages, 'in all trials'],
    ...Object.entries(faults).map(([fault, count]): Row => [mark(count === 0), fault, count, '']),
    [
      isRight('median_difference_bytes'),
      'grew more',
      mega(report.median_difference_bytes),
      `MB by a slow reader, resident, median; ${mega(report.allowed_bytes)} are allowed`,
    ],
    [
      isRight('median_buffers_difference_bytes'),
      'of it objects',
      mega(report.median_buffers_difference_bytes),
      'MB of heap and buffers, median; the same are allowed',
    ],
    [
      isRight('median_p99_slow_ms'),
      'p99 beside',
      report.median_p99_slow_ms.toFixed(1),
      `ms between the others, median; ${report.median_p99_reading_ms.toFixed(1)} without a slow reader`,
    ],
    [mark(left.length === 0), 'left behind', left.length, 'things of those who went'],
  ];
  return [
    title(report),
    ...pairs.map((pair, index) => `  ${describePair(pair, index)}`),
    '',
    ...rows(figures),
    '',
    ...verdict(report),
  ].join('\n');
}

export function describePair(pair: PairFigures, index: number): string {
  return [
    `pair ${index + 1}, ${pair.first} first:`,
    `grew ${mega(pair.grew_slow_bytes)} and ${mega(pair.grew_reading_bytes)} MB,`,
    `${mega(pair.held_back_bytes)} MB held back, ${mega(pair.kernel_bytes)} in the kernel,`,
    `p99 ${pair.p99_slow_ms.toFixed(1)} and ${pair.p99_reading_ms.toFixed(1)} ms,`,
    `caught up in ${pair.caught_up_ms} ms`,
  ].join(' ');
}

function held({ growth }: Trial): number {
  return growth.heapUsed + growth.external;
}

function p99({ latenciesMs }: Trial): number {
  return Math.round(quantile(latenciesMs, 0.99) * 100) / 100;
}

function tooMuch(figure: string, bytes: number): readonly string[] {
  return bytes < allowedBytes ? [] : [`${figure}: ${bytes}, less than ${allowedBytes} are allowed`];
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
