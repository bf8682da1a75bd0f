import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { brokenNames, tryBroken } from './broken.ts';
import { reportTable } from './report.ts';

const progressEveryMs = 5_000;

interface Options {
  readonly cases: number;
  readonly live?: number;
  readonly outgoing: number;
  readonly seed: number;
  readonly json?: true;
  readonly broken?: readonly string[] | true;
}

const program = new Command('npm run fuzz --')
  .description(
    'Tries the frames of the wire: what comes in, beside the generated decoder, and what goes out, beside protobufjs.',
  )
  .option('--cases <count>', 'frames that come in, all kinds together', wholeNumber, 55_000)
  .option(
    '--live <count>',
    'how many of them also go through a socket to a node (default: ten of eleven)',
    wholeNumber,
  )
  .option('--outgoing <count>', 'frames that go out', wholeNumber, 3_000)
  .option(
    '--seed <number>',
    'makes the same cases again (default: at random)',
    wholeNumber,
    randomInt(2 ** 31),
  )
  .option('--json', 'one JSON object, in one line')
  .option(
    '--broken [names...]',
    `try readers and writers that are broken on purpose, all or some: ${brokenNames.join('; ')}`,
  )
  .action(async (options: Options) => {
    try {
      if (options.broken === undefined) await fuzzReal(options);
      else await fuzzBroken(options, options.broken === true ? brokenNames : options.broken);
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    }
  });

async function fuzzReal({
  cases,
  live = Math.floor((cases * 10) / 11),
  outgoing,
  seed,
  json,
}: Options): Promise<void> {
  const { fuzz } = await import('./fuzz-run.ts'); // with a whole node, which the broken ones need not wait for
  let toldAtMs = performance.now();
  const report = await fuzz({
    cases,
    live,
    outgoing,
    seed,
    progress(words) {
      if (performance.now() - toldAtMs < progressEveryMs) return;
      toldAtMs = performance.now();
      console.error(words);
    },
  });
  console.log(json ? JSON.stringify(report) : reportTable(report));
}

/** Each has to be caught. */
async function fuzzBroken({ cases, seed, json }: Options, names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !brokenNames.includes(name));
  if (unknown.length > 0) throw new Error(`nothing is broken by the name ${unknown.join(', ')}`);
  const catches = [];
  for (const name of names) {
    const found = await tryBroken(name, seed, cases);
    catches.push(found);
    if (!json)
      console.log(`${found.caught === undefined ? 'MISSED' : 'caught'}  ${name}\n${found.caught ?? ''}\n`);
  }
  if (json) console.log(JSON.stringify({ seed, catches }));
  const missed = catches.filter(({ caught }) => caught === undefined).map(({ name }) => name);
  if (missed.length > 0) throw new Error(`not caught, seed ${seed}: ${missed.join('; ')}`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number from 0.');
  return value;
}

await program.parseAsync();
