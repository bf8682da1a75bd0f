import { mark, type Row, rows, title, verdict } from '../report/rows.ts';
import type { CommonCounts, RunReport } from '../report/run-report.ts';
import type { CallFigures, WaveFigures } from './wave.ts';

/** How many times as long as before messages of running calls may take, at their p99, while all sign in. */
const slowerAtMost = 5;

export interface SpikeReport extends RunReport {
  readonly waves: readonly WaveFigures[];
}

/** What is sent here is what the calls say. */
export function spikeCounts(waves: readonly WaveFigures[]): Partial<CommonCounts> {
  const calls = waves.flatMap(({ calls }) => calls ?? []);
  const sum = (value: (figures: CallFigures) => number) =>
    calls.reduce((total, figures) => total + value(figures), 0);
  return {
    sent: sum(({ messages_before, messages_during }) => messages_before + messages_during),
    lost: sum(({ faults }) => faults['lost'] ?? 0),
    doubled: sum(({ faults }) => faults['doubled'] ?? 0),
    out_of_order: sum(({ faults }) => faults['out_of_order'] ?? 0),
  };
}

export function brokenBySpike(waves: readonly WaveFigures[]): readonly string[] {
  return waves.flatMap(
    ({
      wave,
      clients,
      served,
      neither,
      neither_why: why,
      server_errors: errors,
      calls,
      left_behind: left = [],
    }) => [
      ...(neither > 0 ? [`neither: ${neither} of ${wave}, as: ${why.join(', ')}`] : []),
      ...(served < clients ? [`served: ${served} of ${clients} of ${wave}`] : []),
      ...(errors > 0 ? [`server_errors: ${errors} in ${wave}`] : []),
      ...(calls === undefined ? [] : brokenCalls(wave, calls)),
      ...left.map((what) => `left_behind: ${what}, after ${wave}`),
    ],
  );
}

function brokenCalls(wave: string, calls: CallFigures): readonly string[] {
  const { p99_before_ms: before, p99_during_ms: during, faults } = calls;
  return [
    ...(isTooSlow(calls)
      ? [`p99_during_ms: ${during} ms in ${wave}, more than ${slowerAtMost} times the ${before} before`]
      : []),
    ...Object.entries(faults)
      .filter(([, count]) => count > 0)
      .map(([fault, count]) => `${fault}: ${count} in calls during ${wave}`),
  ];
}

function isTooSlow({ p99_before_ms: before, p99_during_ms: during }: CallFigures): boolean {
  return during > slowerAtMost * before;
}

export function spikeTable(report: SpikeReport): string {
  return [title(report), ...report.waves.flatMap((wave) => [...waveRows(wave), '']), ...verdict(report)].join(
    '\n',
  );
}

function waveRows(wave: WaveFigures): readonly string[] {
  const { clients, served, neither, server_errors: errors, calls, left_behind: left } = wave;
  const told = Object.entries(wave.told_later).map(([how, count]) => `${count} by ${how}`);
  const toldInAll = Object.values(wave.told_later).reduce((sum, count) => sum + count, 0);
  const figures: readonly Row[] = [
    [mark(served === clients), 'served', served, `${wave.served_at_first} of them at once`],
    ['', 'told later', toldInAll, told.join(', ')],
    [mark(neither === 0), 'neither', neither, 'refused without a time to come again, or cut off'],
    [mark(errors === 0), 'server_errors', errors, 'errors in the log of the server'],
    [
      '',
      'all served',
      (wave.all_served_ms / 1_000).toFixed(1),
      `s, in ${wave.most_attempts} attempts at most`,
    ],
    ['', 'loop delay', wave.loop_max_ms, `ms at most, p99 ${wave.loop_p99_ms} ms`],
    ...(calls === undefined
      ? []
      : [
          [
            mark(!isTooSlow(calls)),
            'calls, p99',
            calls.p99_during_ms,
            `ms of ${calls.messages_during} messages, ${calls.p99_before_ms} ms before the wave`,
          ] as const,
        ]),
    ...(left === undefined
      ? []
      : [[mark(left.length === 0), 'left behind', left.length, 'things of those who went'] as const]),
  ];
  return [`  ${clients} clients, ${wave.wave}`, ...rows(figures)];
}
