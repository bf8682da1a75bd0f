import { lostPrimary } from '../failover/held-replica.ts';
import { entriesMissing, roomTops, totalOf } from '../failover/room-tops.ts';
import { allTalk } from '../talking/all-talk.ts';
import type { ClusterRun } from './move-room.ts';

/** Kills the master of a room, lets its replica take its place, and starts it again as the replica of that. */
export async function killMaster(run: ClusterRun): Promise<void> {
  const { crowd, rooms, tally } = run;
  const { cluster, count } = run.redis();
  const roomId = rooms[run.random.int(0, rooms.length - 1)] ?? '';
  const slot = await cluster.slotOf(`room:{${roomId}}:state`);
  const master = await cluster.masterOf(slot);
  const replica = await cluster.replicaOf(master);
  const before = await roomTops(master, await roomsAt(run, master.port));
  tally.kills.add(tally.ledger.open > 0);
  await master.kill();
  await lostPrimary(replica);
  const lost = entriesMissing(before, await roomTops(replica, [...before.keys()]));
  count.entriesLost += totalOf(lost);
  // What was written after the look is lost too, perhaps: whoever is in a room of this master may be told.
  for (const { client, roomId: room } of crowd.members) if (before.has(room)) tally.letStartAnew(client.name);

  await cluster.successor(master, slot);
  await allTalk(run);
  await master.restart();
  await cluster.settled();
}

/** The rooms whose slot a master has. */
async function roomsAt({ redis, rooms }: ClusterRun, port: number): Promise<readonly string[]> {
  const { cluster } = redis();
  const ports = await Promise.all(
    rooms.map(
      async (roomId) => (await cluster.masterOf(await cluster.slotOf(`room:{${roomId}}:state`))).port,
    ),
  );
  return rooms.filter((_, index) => ports[index] === port);
}
