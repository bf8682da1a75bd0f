import { currentCommit } from '../../test/seeded-run/current-commit.ts';
import type { LoadResult } from '../load.ts';
import { inRounds, type Results, type RoundsOptions } from '../rounds.ts';
import { rounded } from '../statistics.ts';
import type { Subject } from '../subject.ts';
import type { ClusterPart } from './nodes.ts';
import { parley } from './parley-subject.ts';
import { socketIoPubSub, socketIoStreams } from './socket-io-subjects.ts';

const subjects: readonly Subject<ClusterPart>[] = [parley, socketIoStreams, socketIoPubSub];

/** What Parley's nodes may cost at most, as a share of those of Socket.IO with recovery. */
const maxRatio = 0.6;

const commit = currentCommit();

/** One subject in one round, or its median over all rounds. */
export interface ClusterRow {
  readonly bench: 'cluster';
  readonly subject: string;
  /** From 1; absent in the median. */
  readonly round?: number;
  readonly messages: number;
  readonly seed: number;
  readonly commit: string;
  /** Of both nodes together. */
  readonly node_cpu_us_per_message: number;
  readonly sending_node_cpu_us_per_message: number;
  readonly receiving_node_cpu_us_per_message: number;
  readonly redis_cpu_us_per_message: number;
  /** Both nodes and Redis together. */
  readonly total_cpu_us_per_message: number;
  /** Of `node_cpu_us_per_message` to that of `socket.io-streams`. */
  readonly ratio_to_streams: number;
  /** The same of `total_cpu_us_per_message`. */
  readonly total_ratio_to_streams: number;
  readonly per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** What the medians come to. */
export interface ClusterVerdict {
  readonly bench: 'cluster';
  readonly seed: number;
  readonly commit: string;
  /** Parley's `ratio_to_streams`. */
  readonly ratio: number;
  readonly max_ratio: number;
  readonly met: boolean;
}

/** Relays messages from one node to another, in each subject, round after round, and calls back with each result. */
export async function clusterBench(
  options: RoundsOptions,
  onRow: (row: ClusterRow) => void,
): Promise<{ readonly medians: readonly ClusterRow[]; readonly verdict: ClusterVerdict }> {
  const results = await inRounds(subjects, options, (round, inRound) => {
    for (const row of rows(inRound, options)) onRow({ ...row, round });
  });
  const medians = rows(results, options);
  const ratio = medians.find(({ subject }) => subject === parley.name)?.ratio_to_streams ?? Number.NaN;
  return {
    medians,
    verdict: {
      bench: 'cluster',
      seed: options.seed,
      commit,
      ratio,
      max_ratio: maxRatio,
      met: ratio <= maxRatio,
    },
  };
}

function rows(results: Results<ClusterPart>, options: RoundsOptions): ClusterRow[] {
  const streams = results.get(socketIoStreams.name)?.cpuUsPerMessage;
  const streamsUs = { nodes: streams?.nodes ?? Number.NaN, total: totalUs(streams) };
  return subjects.flatMap(({ name }) => {
    const result = results.get(name);
    return result === undefined ? [] : [row(name, result, streamsUs, options)];
  });
}

function row(
  subject: string,
  { cpuUsPerMessage, perSecond, p50Ms, p99Ms }: LoadResult<ClusterPart>,
  streamsUs: { readonly nodes: number; readonly total: number },
  { messages, seed }: RoundsOptions,
): ClusterRow {
  return {
    bench: 'cluster',
    subject,
    messages,
    seed,
    commit,
    node_cpu_us_per_message: rounded(cpuUsPerMessage.nodes, 2),
    sending_node_cpu_us_per_message: rounded(cpuUsPerMessage.sending, 2),
    receiving_node_cpu_us_per_message: rounded(cpuUsPerMessage.receiving, 2),
    redis_cpu_us_per_message: rounded(cpuUsPerMessage.redis, 2),
    total_cpu_us_per_message: rounded(totalUs(cpuUsPerMessage), 2),
    ratio_to_streams: rounded(cpuUsPerMessage.nodes / streamsUs.nodes, 3),
    total_ratio_to_streams: rounded(totalUs(cpuUsPerMessage) / streamsUs.total, 3),
    per_second: rounded(perSecond, 0),
    p50_ms: rounded(p50Ms, 2),
    p99_ms: rounded(p99Ms, 2),
  };
}

function totalUs(cpuUs: LoadResult<ClusterPart>['cpuUsPerMessage'] | undefined): number {
  return cpuUs === undefined ? Number.NaN : cpuUs.nodes + cpuUs.redis;
}
