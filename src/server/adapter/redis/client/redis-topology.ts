import type { Clock } from '../../../../shared/clock.ts';
import type { RedisReply } from './redis.ts';
import {
  type RedisAccess,
  type RedisAddress,
  RedisConnection,
  type RedisConnectionOptions,
} from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';

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
  readonly #options: RedisTopologyOptions;

  constructor(options: RedisTopologyOptions) {
    this.#options = options;
  }

  /** Whether it can change. */
  get isFixed(): boolean {
    return this.#options.place.kind === 'server';
  }

  /** Asks now, first those in `known`. Rejects with the fault of the last who was asked. */
  async discover(known: readonly RedisAddress[]): Promise<readonly SlotRange[]> {
    const { place, access } = this.#options;
    switch (place.kind) {
      case 'server':
        return everySlotAt(place.address);
      case 'sentinels':
        return this.#askInTurn(place.sentinels, place.access, async (connection) =>
          everySlotAt(await primaryOf(connection, place.name)),
        );
      case 'cluster':
        return this.#askInTurn([...known, ...place.nodes], access, slotsOf);
    }
  }

  async #askInTurn(
    addresses: readonly RedisAddress[],
    access: RedisAccess,
    ask: (connection: RedisConnection) => Promise<readonly SlotRange[]>,
  ): Promise<readonly SlotRange[]> {
    let failure: unknown;
    for (const address of addresses) {
      try {
        return await this.#ask({ ...this.#options, access, address }, ask);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  async #ask(
    options: RedisConnectionOptions,
    ask: (connection: RedisConnection) => Promise<readonly SlotRange[]>,
  ): Promise<readonly SlotRange[]> {
    const connection = await RedisConnection.open(options);
    try {
      return await ask(connection);
    } finally {
      connection.close('it has answered');
    }
  }
}

function everySlotAt(primary: RedisAddress): readonly SlotRange[] {
  return [{ first: 0, last: slotCount - 1, primary }];
}

/** SENTINEL GET-MASTER-ADDR-BY-NAME (Redis Sentinel documentation). */
async function primaryOf(connection: RedisConnection, name: string): Promise<RedisAddress> {
  const reply = await connection.send('SENTINEL', ['GET-MASTER-ADDR-BY-NAME', name]);
  if (!isList(reply)) throw new RedisFault('not-now', `the sentinels know no primary by the name ${name}`);
  const [host, port] = reply;
  return { host: textOf(host), port: Number(textOf(port)) };
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
    return {
      first: Number(first),
      last: Number(last),
      primary: { host: textOf(host) || connection.address.host, port: Number(port) },
    };
  });
  if (ranges.length === 0) throw new RedisFault('not-now', 'the cluster has no slots yet');
  return ranges;
}

function isList(reply: RedisReply): reply is readonly RedisReply[] {
  return Array.isArray(reply);
}

function textOf(reply: RedisReply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : '';
}
