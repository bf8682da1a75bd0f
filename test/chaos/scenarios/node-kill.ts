import { settings } from '../../../src/process/settings.ts';
import { killAndReplace, killNode, nextNode, replaceNode } from '../nodes/kill-nodes.ts';
import type { PastWindow } from '../report/chaos-report.ts';
import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { allPastTheWindow, pastTheWindow, windowMs } from '../talking/past-the-window.ts';
import { crowdOptions, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  kills: { says: 'nodes to be killed while all talk', fallback: 20 },
  away: { says: 'times that clients of a killed node stay away', fallback: 3 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 300 }),
} satisfies CountOptions;

type Run = TalkingRun<typeof options>;

const leaseMs = Number(settings.NODE_LEASE_MS.fallback);
/** By then after its node's death everybody has seen a client leave that does not come back. */
const leftWithinMs = leaseMs + windowMs + 2_000;
/** Between two kills, so that some come while others are still on their way back. */
const pauseMs = [300, 3_000] as const;
/** Of the clients of a killed node so many stay away at most, of as many rooms. */
const maxAway = 4;

export const nodeKill = talkingScenario({
  name: 'node-kill',
  summary: 'kills nodes with SIGKILL while their clients talk, and keeps some of these away',
  options,
  sabotage: ['dedupe', 'replay', 'reaper'],
  promise: promised.connection,
  nodes: 3,
  redis: 'in-memory',
  maxPauseMs: () => 500,
  async breakThings(run) {
    const { counts, tally, random, isOver, pause, tell } = run;
    tell('killing');
    while (tally.kills.total < counts.kills && !isOver()) {
      await pause(random.int(...pauseMs));
      await killAndReplace(run, nextNode(run));
    }
    await pause(pauseMs[1]);
  },
  aims: ({ counts, tally: { kills } }) => [
    { name: 'kills', has: kills.total, wants: counts.kills },
    { name: 'kills_in_flight', has: kills.inFlight, wants: Math.floor(kills.total / 2) + 1 },
  ],
  keepAway,
});

/**
 * Kills nodes while some of their clients are cut off for longer than their window. In turn nobody comes in the place of the node until that is
 * over, so that others have to find it dead, and somebody comes at once, who may have its name.
 */
async function keepAway(run: Run): Promise<PastWindow> {
  const { crowd, tally, rooms } = run;
  const found: PastWindow[] = [];
  for (let time = 0; time < run.counts.away; time++) {
    const node = nextNode(run);
    const away = rooms
      .flatMap((roomId) => crowd.inRoom(roomId).find((member) => member.node() === node.name) ?? [])
      .slice(0, maxAway);
    let isDone = Promise.resolve();
    const isReplacedLater = time % 2 === 0;
    const onGone = () => void (isDone = isReplacedLater ? killNode(run, node) : killAndReplace(run, node));
    found.push(await pastTheWindow({ crowd, away, tally, onGone, leftWithinMs }));
    await isDone;
    if (isReplacedLater) await replaceNode(run, node);
  }
  return allPastTheWindow(found);
}
