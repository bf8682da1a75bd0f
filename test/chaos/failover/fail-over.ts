import { inSync } from '../../redis/in-sync.ts';
import type { RedisSentinels } from '../../redis/redis-sentinels.ts';
import { allTalk } from '../talking/all-talk.ts';
import type { CrowdOptions, TalkingRun } from '../talking/talking-run.ts';
import type { FailoverCount } from './failover-count.ts';
import { holdBack, lostPrimary } from './held-replica.ts';
import { entriesMissing, roomTops } from './room-tops.ts';

/** The servers of a run whose primaries are killed, and what came of it. */
export interface FailoverServers {
  readonly sentinels: RedisSentinels;
  readonly count: FailoverCount;
}

export type FailoverRun = Pick<
  TalkingRun<CrowdOptions, FailoverServers>,
  'crowd' | 'isOver' | 'pause' | 'random' | 'redis' | 'rooms' | 'tally' | 'until'
>;

/**
 * Holds a replica back while all talk, then kills the primary, lets the sentinels choose, and brings the killed server back as a
 * replica. Whoever is in a room of which a replica lacked entries may be told so.
 */
export async function failOver(run: FailoverRun, heldMs: number): Promise<void> {
  const { crowd, rooms, tally } = run;
  const { sentinels, count } = run.redis();
  const primary = await sentinels.primary();
  const replicas = sentinels.servers.filter((server) => server !== primary);
  const [first, ...others] = replicas;
  if (first === undefined) throw new Error('there is no replica');
  const held = run.random.pick([first, ...others]);
  await holdBack(held, primary);
  await Promise.all(replicas.filter((server) => server !== held).map((server) => inSync(server, primary)));
  // What is said to those who are away meanwhile was seen by nobody who could miss it.
  const away = rooms.flatMap((roomId) => {
    const [one, ...more] = crowd.inRoom(roomId);
    return one === undefined ? [] : [run.random.pick([one, ...more])];
  });
  for (const { link } of away) link.keepAway();
  await run.pause(heldMs);

  const before = await roomTops(primary, rooms);
  tally.kills.add(tally.ledger.open > 0);
  await primary.kill();
  held.resume();
  for (const { link } of away) link.mend();
  await Promise.all(replicas.map(lostPrimary));
  // Nobody is told anything before there is another primary, which takes the sentinels longer.
  const tops = new Map(
    await Promise.all(replicas.map(async (server) => [server, await roomTops(server, rooms)] as const)),
  );
  const lacking = new Set([...tops.values()].flatMap((has) => [...entriesMissing(before, has).keys()]));
  for (const { roomId, client } of crowd.members) if (lacking.has(roomId)) tally.letStartAnew(client.name);

  const successor = await sentinels.successor(primary);
  const topsOf = (server: typeof held) => tops.get(server) ?? new Map<string, number>();
  count.add({ primary: before, held: topsOf(held), successor: topsOf(successor) });
  await allTalk(run);
  await primary.restart();
  const copies = sentinels.servers.filter((server) => server !== successor);
  await Promise.all(copies.map((server) => inSync(server, successor)));
}

/** While no replica gets anything nothing may be acknowledged; what waited then is, once they go on. */
export async function holdAllBack(run: FailoverRun, heldMs: number): Promise<void> {
  const { ledger } = run.tally;
  const { sentinels, count } = run.redis();
  const primary = await sentinels.primary();
  const replicas = sentinels.servers.filter((server) => server !== primary);
  await Promise.all(replicas.map((replica) => holdBack(replica, primary)));
  // Acknowledgements that are on their way.
  await run.pause(heldMs / 2);
  const before = ledger.accepted;
  await run.pause(heldMs / 2);
  count.acknowledgedAlone += ledger.accepted - before;
  for (const replica of replicas) replica.resume();
  await Promise.all(replicas.map((replica) => inSync(replica, primary)));
  await allTalk(run);
}
