import { currentCommit } from '../../test/seeded-run/current-commit.ts';
import type { LoadResult } from '../load.ts';
import { inRounds, type Results, type RoundsOptions } from '../rounds.ts';
import { rounded } from '../statistics.ts';
import type { Subject } from '../subject.ts';
import type { ServerAlone } from './one-server.ts';
import { parley } from './parley-subject.ts';
import { socketIo } from './socket-io-subject.ts';
import { bareWs, protobufEs } from './ws-subjects.ts';

const subjects: readonly Subject<ServerAlone>[] = [bareWs, parley, socketIo, protobufEs];

const commit = currentCommit();

/** One subject in one round, or its median over all rounds. */
export interface RelayRow {
  readonly bench: 'relay';
  readonly subject: string;
  /** From 1; absent in the median. */
  readonly round?: number;
  readonly messages: number;
  readonly seed: number;
  readonly commit: string;
  readonly server_cpu_us_per_message: number;
  readonly ratio_to_ws: number;
  readonly per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Relays messages through each subject, round after round, and calls back with each result. Gives the medians. */
export async function relayBench(
  options: RoundsOptions,
  onRow: (row: RelayRow) => void,
): Promise<readonly RelayRow[]> {
  const medians = await inRounds(subjects, options, (round, results) => {
    for (const row of rows(results, options)) onRow({ ...row, round });
  });
  return rows(medians, options);
}

function rows(results: Results<ServerAlone>, options: RoundsOptions): RelayRow[] {
  const floorUs = results.get(bareWs.name)?.cpuUsPerMessage.server ?? Number.NaN;
  return subjects.flatMap(({ name }) => {
    const result = results.get(name);
    return result === undefined ? [] : [row(name, result, floorUs, options)];
  });
}

function row(
  subject: string,
  { cpuUsPerMessage, perSecond, p50Ms, p99Ms }: LoadResult<ServerAlone>,
  floorUs: number,
  { messages, seed }: RoundsOptions,
): RelayRow {
  return {
    bench: 'relay',
    subject,
    messages,
    seed,
    commit,
    server_cpu_us_per_message: rounded(cpuUsPerMessage.server, 2),
    ratio_to_ws: rounded(cpuUsPerMessage.server / floorUs, 3),
    per_second: rounded(perSecond, 0),
    p50_ms: rounded(p50Ms, 2),
    p99_ms: rounded(p99Ms, 2),
  };
}
