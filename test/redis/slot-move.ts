import type { RedisServer } from './redis-server.ts';

/**
 * What was done last: the slot's new master takes it in for those who ask; its old one sends away who asks for a key that it
 * has not; a batch of keys went; all went; the new one has it. `assigned` comes before the other masters are told.
 */
export type SlotMoveStep = 'importing' | 'migrating' | 'batch' | 'moved' | 'assigned';

export type SlotMoveHook = (step: SlotMoveStep) => Promise<void> | void;

export interface SlotMove {
  readonly slot: number;
  readonly from: RedisServer;
  readonly to: RedisServer;
  /** All that have slots. */
  readonly masters: readonly RedisServer[];
  /** How many keys go at once, at most. Default 10. */
  readonly keysInBatch?: number;
}

const defaultKeysInBatch = 10;
const migrateTimeoutMs = 4_000;

/** Moves a slot by hand, as the documentation of `CLUSTER SETSLOT` says. */
export async function moveSlot(
  { slot, from, to, masters, keysInBatch = defaultKeysInBatch }: SlotMove,
  hook: SlotMoveHook = () => undefined,
): Promise<void> {
  const [fromId, toId] = [await nodeId(from), await nodeId(to)];
  await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
  await hook('importing');
  await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
  await hook('migrating');
  while (await moveBatch(slot, from, to, keysInBatch)) await hook('batch');
  await hook('moved');
  await to.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
  await hook('assigned');
  const others = masters.filter((master) => master !== to && master !== from);
  for (const master of [from, ...others]) await master.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
}

/** Gives whether there was anything to move. */
async function moveBatch(
  slot: number,
  from: RedisServer,
  to: RedisServer,
  keysInBatch: number,
): Promise<boolean> {
  const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, keysInBatch)) as readonly string[];
  if (keys.length === 0) return false;
  await from.call('MIGRATE', '127.0.0.1', to.port, '', 0, migrateTimeoutMs, 'KEYS', ...keys);
  return true;
}

async function nodeId(node: RedisServer): Promise<string> {
  return String(await node.call('CLUSTER', 'MYID'));
}
