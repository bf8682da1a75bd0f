import type { Clock } from '../../../../shared/clock.ts';
import type { RedisReply } from './redis.ts';
import { type RedisAccess, type RedisAddress, RedisConnection } from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';
import { textOf } from './redis-reply.ts';
import { Sentinels } from './sentinels.ts';

/** Where Redis is to be found. */
export type RedisPlace =
  | { readonly kind: 'server'; readonly address: RedisAddress }
  /** Whichever server the sentinels call the primary of this name. `access` is to the sentinels themselves. */
  | {
      readonly kind: 'sentinels';
      readonly sentinels: readonly RedisAddress[];
      readonly name: string;
      readonly access: RedisAccess;
    }
  /** A cluster, of which some nodes are known. */
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[] };

/** The slots from `first` to `last` are at a primary. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly primary: RedisAddress;
}

export const slotCount = 16_384;

export interface RedisTopologyOptions {
  readonly place: RedisPlace;
  readonly access: RedisAccess;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

/** Finds out which primary has which slots. */
export class RedisTopology {
  /** Whether it can change. */
  readonly isFixed: boolean;
  /** Asks now, first those in `known`. Rejects with a fault, that of the last who was asked. */
  readonly discover: (known: readonly RedisAddress[]) => Promise<readonly SlotRange[]>;

  constructor(options: RedisTopologyOptions) {
    this.isFixed = options.place.kind === 'server';
    this.discover = discoveryOf(options);
  }
}

function discoveryOf(options: RedisTopologyOptions): RedisTopology['discover'] {
  const { place } = options;
  switch (place.kind) {
    case 'server':
      return () => Promise.resolve(everySlotAt(place.address));
    case 'sentinels': {
      const sentinels = new Sentinels({ ...options, ...place });
      return async () => everySlotAt(await sentinels.primary());
    }
    case 'cluster':
      return (known) => askInTurn([...known, ...place.nodes], options);
  }
}

async function askInTurn(
  nodes: readonly RedisAddress[],
  options: RedisTopologyOptions,
): Promise<readonly SlotRange[]> {
  let failure: unknown;
  for (const address of nodes) {
    try {
      return await RedisConnection.using({ ...options, address }, slotsOf);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function everySlotAt(primary: RedisAddress): readonly SlotRange[] {
  return [{ first: 0, last: slotCount - 1, primary }];
}

/**
 * CLUSTER SLOTS (Redis Cluster specification): ranges, each with its primary first. Who does not reach most masters knows no more than how it was
 * once, and answers that all the same: it is not believed.
 */
async function slotsOf(connection: RedisConnection): Promise<readonly SlotRange[]> {
  const [info, reply] = await Promise.all([
    connection.send('CLUSTER', ['INFO']),
    connection.send('CLUSTER', ['SLOTS']),
  ]);
  if (!textOf(info).includes('cluster_state:ok')) {
    const { host, port } = connection.address;
    throw new RedisFault('not-now', `the cluster is down, as ${host}:${port} sees it`);
  }
  const ranges = (isList(reply) ? reply : []).map((range): SlotRange => {
    const [first, last, primary] = range as readonly RedisReply[];
    const [host, port] = primary as readonly RedisReply[];
    // A node that does not know its own name leaves it out: it is then where it was asked.
    const name = host === null ? '' : textOf(host);
    return {
      first: Number(first),
      last: Number(last),
      primary: { host: name || connection.address.host, port: Number(port) },
    };
  });
  if (ranges.length === 0) throw new RedisFault('not-now', 'the cluster has no slots yet');
  return ranges;
}

function isList(reply: RedisReply): reply is readonly RedisReply[] {
  return Array.isArray(reply);
}
