import { mark, type Row, rows, title, verdict } from '../report/rows.ts';
import type { RunReport } from '../report/run-report.ts';
import type { WaveFigures } from './wave.ts';

export interface SpikeReport extends RunReport {
  readonly waves: readonly WaveFigures[];
}

export function brokenBySpike(waves: readonly WaveFigures[]): readonly string[] {
  return waves.flatMap(({ wave, clients, served, neither, neither_why: why, server_errors: errors }) => [
    ...(neither > 0 ? [`neither: ${neither} of ${wave}, as: ${why.join(', ')}`] : []),
    ...(served < clients ? [`served: ${served} of ${clients} of ${wave}`] : []),
    ...(errors > 0 ? [`server_errors: ${errors} in ${wave}`] : []),
  ]);
}

export function spikeTable(report: SpikeReport): string {
  return [title(report), ...report.waves.flatMap((wave) => [...waveRows(wave), '']), ...verdict(report)].join(
    '\n',
  );
}

function waveRows(wave: WaveFigures): readonly string[] {
  const { clients, served, neither, server_errors: errors } = wave;
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
  ];
  return [`  ${clients} clients, ${wave.wave}`, ...rows(figures)];
}
