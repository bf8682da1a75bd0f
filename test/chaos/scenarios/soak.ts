import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { LoopWatch, lateFigures } from '../soak/lateness.ts';
import { takeSample } from '../soak/take-sample.ts';
import { crowdOptions, particularsOf, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  minutes: { says: 'how long all talk', fallback: 10 },
  ...crowdOptions({ pairs: 250, rooms: 25, seconds: 3_600 }),
} satisfies CountOptions;

type Run = TalkingRun<typeof options>;

const sampleEveryMs = 10_000;
/** Three times the default: how soon clients are back is not what this is about, and they are many for one process. */
const windowMs = 15_000;
/** Clients are told at half of it that their token expires, and refresh it. */
const tokenLifeS = 40;

export const soak = talkingScenario({
  name: 'soak',
  summary: 'lets clients talk, lose connections and refresh their tokens for long, and looks at what grows',
  options,
  sabotage: ['replay', 'clear'],
  promise: promised.connection,
  nodes: 3,
  redis: 'in-memory',
  env: () => ({ RECONNECTION_WINDOW_MS: String(windowMs) }),
  isProbed: true,
  tokenLifeS,
  // Together about forty messages a second for each hundred clients.
  maxPauseMs: () => 15_000,
  maxBytesBeforeCut: 120_000,
  breakThings,
  aims: ({ counts, crowd, tally }) => [
    {
      name: 'samples',
      has: tally.samples.count,
      wants: Math.floor((counts.minutes * 60_000) / sampleEveryMs / 2),
    },
    { name: 'tokens_refreshed', has: tally.tokensGiven - crowd.members.length, wants: crowd.members.length },
    // Some are cut again before they are back.
    { name: 'resumes', has: tally.observations.resumes, wants: Math.floor(tally.cuts.total / 2) },
  ],
  particulars: ({ tally }) => particularsOf(lateFigures, tally.samples.mostLate),
  broken: ({ tally }) => tally.samples.grown,
});

async function breakThings({ counts, crowd, nodes, redis, tally, isOver, pause, tell }: Run): Promise<void> {
  tell('soaking');
  crowd.startCutting();
  const endsAtMs = performance.now() + counts.minutes * 60_000;
  const loops = await LoopWatch.start(nodes);
  while (performance.now() < endsAtMs && !isOver()) {
    await pause(sampleEveryMs);
    tally.samples.addLate(await loops.take(nodes));
    tally.samples.add(await takeSample(nodes, redis()));
  }
  loops.stop();
}
