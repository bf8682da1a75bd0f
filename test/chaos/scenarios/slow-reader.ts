import { Random } from '../../seeded-run/random.ts';
import { nodesOption } from '../nodes/with-nodes.ts';
import { promised } from '../report/promised.ts';
import { runReport } from '../report/run-report.ts';
import type { CountOptions, RunContext, Scenario } from '../scenario.ts';
import {
  brokenBySlowReader,
  describePair,
  type PairFigures,
  pairFigures,
  type SlowReaderReport,
  slowReaderFigures,
  slowReaderTable,
} from '../slow-reader/slow-reader-report.ts';
import { runTrial, type Trial } from '../slow-reader/trial.ts';

const name = 'slow-reader';

const options = {
  pairs: { says: 'pairs of runs, one of them with a client that does not read', fallback: 5 },
  megabytes: { says: 'what is said to that client in each', fallback: 50 },
  ...nodesOption,
} satisfies CountOptions;

export const slowReader: Scenario<typeof options> = {
  name,
  summary: 'lets a client stop reading, and weighs the server beside one whose clients all read',
  options,
  // What a session leaves is looked for with several nodes alone.
  sabotage: ['budget', 'forget'],
  async run(context) {
    const startedAtMs = performance.now();
    const pairs: PairFigures[] = [];
    const trials: Trial[] = [];
    for (let index = 0; index < context.counts.pairs; index++) {
      context.stop.throwIfAborted();
      const first = index % 2 === 0 ? 'slow' : 'reading';
      const one = await trial(context, index, first === 'slow');
      const other = await trial(context, index, first !== 'slow');
      const [slow, reading] = first === 'slow' ? [one, other] : [other, one];
      const figures = pairFigures(first, slow, reading);
      context.progress(describePair(figures, index), []);
      pairs.push(figures);
      trials.push(slow, reading);
    }
    const figures = slowReaderFigures(pairs, trials);
    const broken = brokenBySlowReader(figures);
    const ms = performance.now() - startedAtMs;
    const { messages: sent, faults } = figures;
    const end = { name, options: context.options, ms, broken, promise: promised.connection };
    const report: SlowReaderReport = { ...runReport({ ...end, counts: { sent, ...faults } }), ...figures };
    return { report, table: slowReaderTable(report) };
  },
};

function trial(
  { options: { seed, sabotage }, counts, progress, stop }: RunContext<typeof options>,
  pair: number,
  stopsReading: boolean,
): Promise<Trial> {
  const phase = `pair ${pair + 1}, ${stopsReading ? 'slow' : 'reading'}`;
  progress(phase, ['starting']);
  return runTrial({
    stopsReading,
    random: () => new Random(seed, pair),
    bytes: counts.megabytes * 1e6,
    nodes: counts.nodes,
    untilNothingLeft: counts.nodes > 1 && stopsReading && pair === counts.pairs - 1,
    sabotage,
    onProgress: (bytes) => progress(phase, [`${(bytes / 1e6).toFixed(0)} MB said`]),
    stop,
  });
}
