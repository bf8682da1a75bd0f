import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { cutConnections, cutOptions, cuttingAims, keepSomeAway } from '../talking/cut-connections.ts';
import { crowdOptions } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  ...cutOptions({ relays: 50_000, cuts: 2_000 }),
  resumes: { says: 'connections that must come back', fallback: 500 },
  ...crowdOptions({ pairs: 100, rooms: 10, seconds: 300 }),
} satisfies CountOptions;

/** The share of those who come back that must come back to another node. */
const elsewhereShare = 1 / 3;

export const socketDrop = talkingScenario({
  name: 'socket-drop',
  summary: 'the same on three nodes with one Redis: who comes back finds another node as often as not',
  options,
  sabotage: ['dedupe', 'replay'],
  promise: promised.connection,
  nodes: 3,
  redis: 'in-memory',
  // However many they are, they say about as much together.
  maxPauseMs: (pairs) => 25 * pairs,
  maxBytesBeforeCut: 24_000,
  breakThings: cutConnections,
  aims: (run) => {
    const { resumes, resumesElsewhere } = run.tally.observations;
    return [
      ...cuttingAims(run),
      { name: 'resumes', has: resumes, wants: run.counts.resumes },
      { name: 'resumes_elsewhere', has: resumesElsewhere, wants: Math.ceil(elsewhereShare * resumes) },
    ];
  },
  keepAway: keepSomeAway,
});
