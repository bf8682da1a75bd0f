import { nodesOption } from '../nodes/with-nodes.ts';
import { promised } from '../report/promised.ts';
import { runReport } from '../report/run-report.ts';
import type { CountOptions, Scenario } from '../scenario.ts';
import { brokenBySpike, type SpikeReport, spikeCounts, spikeTable } from '../spike/spike-report.ts';
import { runWave, type WaveFigures, type WaveKind } from '../spike/wave.ts';

const name = 'spike';

const options = {
  clients: { says: 'clients that sign in at once', fallback: 3_000 },
  waves: { says: 'how many of the four waves there are, from the first on', fallback: 4 },
  ...nodesOption,
} satisfies CountOptions;

/** The first two by default settings; in the others more must be told to come again. docs/chaos.md lists them. */
export const waves: readonly WaveKind[] = [
  { name: 'many-addresses', addresses: 50 },
  { name: 'one-address', addresses: 1 },
  { name: 'short-line', addresses: 50, env: { SIGN_INS_AT_ONCE: '2', SIGN_INS_WAITING: '2' } },
  // A quarter of these for each address.
  { name: 'few-unsigned', addresses: 2, env: { MAX_UNSIGNED_CONNECTIONS: '80' } },
];

export const spike: Scenario<typeof options> = {
  name,
  summary: 'lets clients sign in all at once: each is served, or told when to come again',
  options,
  sabotage: ['later'],
  async run({ options: given, counts, progress, stop }) {
    const startedAtMs = performance.now();
    const figures: WaveFigures[] = [];
    for (const kind of waves.slice(0, counts.waves)) {
      stop.throwIfAborted();
      progress(kind.name, ['starting']);
      const wave = await runWave({
        kind,
        clients: counts.clients,
        nodes: counts.nodes,
        seed: given.seed,
        sabotage: given.sabotage,
        onProgress: (served) => progress(kind.name, [`${served} served`]),
        stop,
      });
      figures.push(wave);
    }
    const broken = brokenBySpike(figures);
    const ms = performance.now() - startedAtMs;
    const end = { name, options: given, ms, broken, promise: promised.connection };
    const report: SpikeReport = { ...runReport({ ...end, counts: spikeCounts(figures) }), waves: figures };
    return { report, table: spikeTable(report) };
  },
};
