import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { cutConnections, cutOptions, cuttingAims, keepSomeAway } from '../talking/cut-connections.ts';
import { crowdOptions } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  ...cutOptions({ relays: 20_000, cuts: 1_000 }),
  ...crowdOptions({ pairs: 20, rooms: 5, seconds: 180 }),
} satisfies CountOptions;

export const socketDropOneNode = talkingScenario({
  name: 'socket-drop-one-node',
  summary: 'cuts the connections of clients that talk at random bytes, and keeps some away past their window',
  options,
  sabotage: ['dedupe', 'replay'],
  promise: promised.connection,
  nodes: 1,
  maxPauseMs: () => 250,
  breakThings: cutConnections,
  aims: cuttingAims,
  keepAway: keepSomeAway,
});
