import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { currentCommit } from '../test/seeded-run/current-commit.ts';
import { type RelayRow, relayBench } from './relay/relay-bench.ts';

const program = new Command('npm run bench --').description(
  'Measures Parley beside others, in one run, as CPU time of the server. A name each:',
);

program
  .command('relay')
  .description(
    'a message from one client to one other: bare ws, Parley, Socket.IO, and a server that decodes and encodes',
  )
  .option('--json', 'one JSON object a line, the medians last')
  .option('--rounds <count>', 'how often each is measured, in turn', positive, 5)
  .option('--messages <count>', 'messages a round, each checked where it arrives', positive, 100_000)
  .option('--seed <number>', 'decides which pair each message goes through', seedOf, randomInt(2 ** 31))
  .option('--rate <count>', 'messages a second, all clients together', positive, 8_000)
  .option('--pairs <count>', 'pairs of clients', positive, 40)
  .action(
    async (options: {
      json?: true;
      rounds: number;
      messages: number;
      rate: number;
      pairs: number;
      seed: number;
    }) => {
      const print = options.json ? printJson : printRow;
      if (!options.json) console.log(`seed ${options.seed} · commit ${currentCommit()}\n\n${header}`);
      const medians = await relayBench(options, print);
      if (!options.json) console.log(`\nmedians of ${options.rounds} rounds\n${header}`);
      for (const median of medians) print(median);
    },
  );

const columns = ['subject', 'CPU µs/message', 'of ws', 'messages/s', 'p50 ms', 'p99 ms'] as const;
const header = columns.map((name, index) => (index === 0 ? name.padEnd(14) : name.padStart(15))).join('');

function printJson(row: RelayRow): void {
  console.log(JSON.stringify(row));
}

function printRow(row: RelayRow): void {
  const { server_cpu_us_per_message: cpuUs, ratio_to_ws: ratio, per_second: perSecond, p50_ms, p99_ms } = row;
  const cells = [cpuUs.toFixed(2), ratio.toFixed(2), perSecond, p50_ms.toFixed(2), p99_ms.toFixed(2)];
  console.log(row.subject.padEnd(14) + cells.map((cell) => String(cell).padStart(15)).join(''));
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
