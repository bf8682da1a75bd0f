import { nextNode } from '../nodes/kill-nodes.ts';
import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { crowdOptions, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  freezes: { says: 'times that a node is stopped', fallback: 4 },
  frozen: { says: 'how long it is stopped, in milliseconds', fallback: 10_000 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 180 }),
} satisfies CountOptions;

/** Between two of them, so that what a node does when it wakes is seen: its clients' windows could run out. */
const pauseMs = 6_000;

export const nodeFreeze = talkingScenario({
  name: 'node-freeze',
  summary:
    'stops nodes with SIGSTOP for longer than their lease while their clients talk, and lets them go on',
  options,
  sabotage: ['fence'],
  promise: promised.connection,
  nodes: 3,
  redis: 'in-memory',
  // The default. By the heartbeats of the other runs a silent node would be noticed even where nobody asked for anything.
  env: () => ({ HEARTBEAT_INTERVAL_MS: '10000' }),
  maxPauseMs: () => 500,
  breakThings,
  aims: ({ counts, tally: { freezes, observations } }) => [
    { name: 'freezes', has: freezes.total, wants: counts.freezes },
    { name: 'resumes_elsewhere', has: observations.resumesElsewhere, wants: freezes.clients },
  ],
});

async function breakThings(run: TalkingRun<typeof options>): Promise<void> {
  const { counts, crowd, nodes, isOver, pause, tell } = run;
  const { freezes } = run.tally;
  tell('freezing');
  while (freezes.total < counts.freezes && !isOver()) {
    const node = nextNode(run);
    freezes.total += 1;
    freezes.clients += crowd.members.filter((member) => member.node() === node.name).length;
    nodes.freeze(node);
    await pause(counts.frozen);
    nodes.thaw(node);
    await pause(pauseMs);
  }
}
