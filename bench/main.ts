import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { currentCommit } from '../test/seeded-run/current-commit.ts';
import { type ClusterRow, clusterBench } from './cluster/cluster-bench.ts';
import { type RelayRow, relayBench } from './relay/relay-bench.ts';
import type { RoundsOptions } from './rounds.ts';
import { maxPairs } from './subject.ts';
import { table } from './table.ts';

interface Options extends RoundsOptions {
  readonly json?: true;
}

const program = new Command('npm run bench --').description(
  'Measures Parley beside others, in one run, as CPU time of the servers. A name each:',
);

bench(
  'relay',
  'a message from one client to one other: bare ws, Parley, Socket.IO, and a server that decodes and encodes',
  { rounds: 5, messages: 100_000, warmUpMessages: 20_000, rate: 8_000 },
).action(async (options: Options) => {
  const { header, line } = table<RelayRow>([
    ['CPU µs/message', (row) => row.server_cpu_us_per_message, 2],
    ['of ws', (row) => row.ratio_to_ws, 2],
    ['messages/s', (row) => row.per_second, 0],
    ['p50 ms', (row) => row.p50_ms, 2],
    ['p99 ms', (row) => row.p99_ms, 2],
  ]);
  await printed(options, header, line, async (print) => ({ medians: await relayBench(options, print) }));
});

bench(
  'cluster',
  'a message from a client of one node to one of another, over Redis: Parley, and Socket.IO by streams and by pub/sub',
  { rounds: 5, messages: 12_000, warmUpMessages: 20_000, rate: 2_000 },
).action(async (options: Options) => {
  const { header, line } = table<ClusterRow>([
    ['nodes µs/message', (row) => row.node_cpu_us_per_message, 2],
    ['sending', (row) => row.sending_node_cpu_us_per_message, 2],
    ['receiving', (row) => row.receiving_node_cpu_us_per_message, 2],
    ['Redis', (row) => row.redis_cpu_us_per_message, 2],
    ['of streams', (row) => row.ratio_to_streams, 2],
    ['with Redis', (row) => row.total_ratio_to_streams, 2],
    ['messages/s', (row) => row.per_second, 0],
    ['p50 ms', (row) => row.p50_ms, 2],
    ['p99 ms', (row) => row.p99_ms, 2],
  ]);
  const { verdict } = await printed(options, header, line, (print) => clusterBench(options, print));
  const { ratio, max_ratio: maxRatio, met } = verdict;
  if (options.json) console.log(JSON.stringify(verdict));
  else
    console.log(
      `\nparley costs ${ratio} of socket.io-streams, at most ${maxRatio}: ${met ? 'met' : 'not met'}`,
    );
  if (!met) process.exitCode = 1;
});

function bench(name: string, description: string, by: Omit<RoundsOptions, 'pairs' | 'seed'>): Command {
  return program
    .command(name)
    .description(description)
    .option('--json', 'one JSON object a line, the medians last')
    .option('--rounds <count>', 'how often each is measured, in turn', positive, by.rounds)
    .option('--messages <count>', 'messages a round, each checked where it arrives', positive, by.messages)
    .option('--warm-up-messages <count>', 'messages before those', positive, by.warmUpMessages)
    .option('--seed <number>', 'decides which pair each message goes through', seedOf, randomInt(2 ** 31))
    .option('--rate <count>', 'messages a second, all clients together', positive, by.rate)
    .option('--pairs <count>', `pairs of clients, at most ${maxPairs}`, positive, 40);
}

/** Runs a bench and prints each of its rows as it comes, then the medians. */
async function printed<Row, Result extends { readonly medians: readonly Row[] }>(
  { json, seed, rounds }: Options,
  header: string,
  line: (row: Row) => string,
  run: (print: (row: Row) => void) => Promise<Result>,
): Promise<Result> {
  const print = (row: Row) => console.log(json ? JSON.stringify(row) : line(row));
  if (!json) console.log(`seed ${seed} · commit ${currentCommit()}\n\n${header}`);
  const result = await run(print);
  if (!json) console.log(`\nmedians of ${rounds} rounds\n${header}`);
  for (const median of result.medians) print(median);
  return result;
}

function seedOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** 32)
    throw new InvalidArgumentError('It must be a whole number below 2^32.');
  return value;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

await program.parseAsync();
