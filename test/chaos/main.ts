import { Command, InvalidArgumentError, Option } from 'commander';
import { ProgressLine } from './report/progress-line.ts';
import { type SabotageRule, sabotageRules } from './sabotage/rules.ts';
import type { Counts, RunOptions, Scenario } from './scenario.ts';
import { churn } from './scenarios/churn.ts';
import { nodeFreeze } from './scenarios/node-freeze.ts';
import { nodeKill } from './scenarios/node-kill.ts';
import { redisCluster } from './scenarios/redis-cluster.ts';
import { redisFailover, redisFailoverReplicaAck } from './scenarios/redis-failover.ts';
import { redisFlush } from './scenarios/redis-flush.ts';
import { redisOutage } from './scenarios/redis-outage.ts';
import { redisRestart } from './scenarios/redis-restart.ts';
import { rollingDeploy } from './scenarios/rolling-deploy.ts';
import { slowReader } from './scenarios/slow-reader.ts';
import { soak } from './scenarios/soak.ts';
import { socketDrop } from './scenarios/socket-drop.ts';
import { socketDropOneNode } from './scenarios/socket-drop-one-node.ts';
import { spike } from './scenarios/spike.ts';

const scenarios: readonly Scenario[] = [
  socketDropOneNode,
  socketDrop,
  nodeKill,
  nodeFreeze,
  rollingDeploy,
  redisRestart,
  redisOutage,
  redisFlush,
  redisFailover,
  redisFailoverReplicaAck,
  redisCluster,
  slowReader,
  churn,
  spike,
  soak,
];

/** What the process ends with where a promise was broken; 2 where the run itself failed. */
const brokenStatus = 1;
const failedStatus = 2;
const maxSeed = 2 ** 31 - 1;

const program = new Command('npm run chaos --').description(
  'Breaks what a deployment breaks, with real processes and real clients, and counts what is lost. A name each:',
);
program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : failedStatus));

for (const scenario of scenarios) {
  const { name, summary, options, sabotage } = scenario;
  const command = program
    .command(name)
    .description(summary)
    .option('--seed <number>', 'decides what chance decides; without it, one is drawn', wholeNumber)
    .option('--json', 'one JSON object on standard output instead of the table')
    .addOption(
      new Option(
        '--sabotage <rule>',
        `switches off a rule in the server: ${describedRules(sabotage)}`,
      ).choices(sabotage),
    );
  for (const [count, { says, fallback }] of Object.entries(options))
    command.option(`--${count} <count>`, says, positive, fallback);
  command.action((given: GivenOptions) => run(scenario, given));
}

interface GivenOptions {
  readonly seed?: number;
  readonly json?: true;
  readonly sabotage?: SabotageRule;
  readonly [count: string]: unknown;
}

async function run(scenario: Scenario, given: GivenOptions): Promise<void> {
  const { json, seed = drawnSeed(), sabotage, ...counts } = given;
  const options: RunOptions = { seed, ...(sabotage && { sabotage }) };
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort(new Error('stopped by a signal')));
  process.once('SIGTERM', () => stop.abort(new Error('stopped by a signal')));
  const line = new ProgressLine();
  try {
    const { report, table } = await scenario.run({
      options,
      counts: counts as Counts<Scenario['options']>,
      progress: (phase, figures) => line.tell(phase, figures),
      stop: stop.signal,
    });
    line.end();
    console.log(json ? JSON.stringify(report) : table);
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

function describedRules(rules: readonly SabotageRule[]): string {
  return rules.map((rule) => `"${rule}", ${sabotageRules[rule]}`).join('; ');
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
