import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProductionServer } from '../../server-process/production-server.ts';
import { ServerProbe } from '../../server-process/server-probe.ts';
import { countHeap } from '../heap/heap-snapshot.ts';
import { readGauges } from './metrics.ts';

export const gaugeNames = [
  'ws_connections_gauge',
  'room_members_gauge',
  'online_users_gauge',
  'followed_rooms_gauge',
] as const;

/** A turn of the event loop that is due, say, is under way and not left: what is left is there at each of so many looks. */
const looks = 5;
const betweenLooksMs = 20;

/** What a process that serves nobody has. */
export interface Residue {
  readonly gauges: Readonly<Record<string, number>>;
  /** What keeps the event loop going, look after look. */
  readonly resources: Readonly<Record<string, number>>;
  /** Of the process and its servers. */
  readonly listeners: Readonly<Record<string, number>>;
  readonly heapBytes: number;
  readonly objects: ReadonlyMap<string, number>;
  readonly collections: ReadonlyMap<string, number>;
}

export async function residueOf(server: ProductionServer): Promise<Residue> {
  const probe = new ServerProbe(server.process);
  const folder = await mkdtemp(join(tmpdir(), 'parley-heap-'));
  try {
    const gauges = await readGauges(server, gaugeNames);
    const resources = await lastingResources(probe);
    const listeners = await probe.listeners();
    const { heapUsed } = await probe.memory();
    const path = join(folder, 'server.heapsnapshot');
    await probe.writeSnapshot(path);
    return { gauges, resources, listeners, heapBytes: heapUsed, ...(await countHeap(path)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lastingResources(probe: ServerProbe): Promise<Residue['resources']> {
  let lasting = await probe.resources();
  for (let look = 1; look < looks; look++) {
    await delay(betweenLooksMs);
    const now = await probe.resources();
    lasting = fewest(lasting, now);
  }
  return lasting;
}

/** What there is at both moments, of each kind the fewer. */
export function fewest(one: Residue['resources'], other: Residue['resources']): Residue['resources'] {
  return Object.fromEntries(
    Object.entries(one).flatMap(([kind, count]) => {
      const both = Math.min(count, other[kind] ?? 0);
      return both > 0 ? [[kind, both]] : [];
    }),
  );
}
