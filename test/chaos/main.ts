import { Command, InvalidArgumentError, Option } from 'commander';
import { ProgressLine } from './report/progress-line.ts';
import { reportTable } from './report/report-table.ts';
import { type SabotageRule, sabotageRules } from './sabotage/rules.ts';
import type { RunOptions, Scenario } from './scenario.ts';
import { socketDropOneNode } from './scenarios/socket-drop-one-node.ts';

const scenarios: readonly Scenario[] = [socketDropOneNode];

/** What the process ends with where a promise was broken; 2 where the run itself failed. */
const brokenStatus = 1;
const failedStatus = 2;
const maxSeed = 2 ** 31 - 1;

const program = new Command('npm run chaos --').description(
  'Breaks what a deployment breaks, with real processes and real clients, and counts what is lost. A name each:',
);
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : failedStatus));

for (const scenario of scenarios) {
  const { name, summary, defaults } = scenario;
  program
    .command(name)
    .description(summary)
    .option('--seed <number>', 'decides what chance decides; without it, one is drawn', wholeNumber)
    .option('--json', 'one JSON object on standard output instead of the table')
    .option('--relays <count>', 'messages to be delivered', positive, defaults.relays)
    .option('--cuts <count>', 'connections to be cut', positive, defaults.cuts)
    .option('--pairs <count>', 'pairs of clients that talk to each other', positive, defaults.pairs)
    .option('--rooms <count>', 'rooms that they are spread over', positive, defaults.rooms)
    .option('--seconds <count>', 'how long cutting may go on', positive, defaults.seconds)
    .addOption(
      new Option('--sabotage <rule>', `switches off a rule in the server: ${describedRules()}`).choices(
        Object.keys(sabotageRules),
      ),
    )
    .action((given: GivenOptions) => run(scenario, given));
}

type GivenOptions = Omit<RunOptions, 'seed'> & {
  readonly seed?: number;
  readonly json?: true;
  readonly sabotage?: SabotageRule;
};

async function run(
  scenario: Scenario,
  { json, seed = drawnSeed(), ...options }: GivenOptions,
): Promise<void> {
  if (options.rooms > options.pairs)
    program.error(`${options.pairs} pairs do not fill ${options.rooms} rooms`);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('stopped by a signal')));
  process.once('SIGTERM', () => stop.abort(new Error('stopped by a signal')));
  const line = new ProgressLine();
  try {
    const report = await scenario.run({
      options: { seed, ...options },
      progress: (phase, tally) => line.tell(phase, tally),
      stop: stop.signal,
    });
    line.end();
    console.log(json ? JSON.stringify(report) : reportTable(report));
    process.exitCode = report.kept ? 0 : brokenStatus;
  } catch (thrown) {
    line.end();
    console.error(`seed ${seed}:`, thrown);
    // Not only the exit code: clients of a run that failed half-way would go on trying.
    process.exit(failedStatus);
  }
}

function drawnSeed(): number {
  return Math.floor(Math.random() * maxSeed);
}

function describedRules(): string {
  return Object.entries(sabotageRules)
    .map(([rule, says]) => `"${rule}", ${says}`)
    .join('; ');
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > maxSeed)
    throw new InvalidArgumentError(`It must be a whole number from 0 to ${maxSeed}.`);
  return value;
}

function positive(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

await program.parseAsync();
