import { setTimeout as delay } from 'node:timers/promises';
import { ServerProbe } from '../../server-process/server-probe.ts';
import { readGauges } from '../churn/metrics.ts';
import { gaugeNames } from '../churn/residue.ts';
import { leftInRedis } from '../left-in-redis/left-in-redis.ts';
import type { Node } from './nodes.ts';
import type { Place } from './with-nodes.ts';

/** What keeps the event loop of a process going, and the listeners of the process and its servers, by name. */
type Handles = Readonly<Record<string, number>>;

const lookEveryMs = 500;
/** The answer to whoever looks: a node has a connection more for as long as that takes. */
const looking = 1;

/** What nodes have before anybody came, to be compared with what they have when all are gone. They must be probed, with a METRICS_TOKEN. */
export class FreshNodes {
  readonly #place: Place;
  readonly #handles: ReadonlyMap<string, Handles>;

  private constructor(place: Place, handles: ReadonlyMap<string, Handles>) {
    this.#place = place;
    this.#handles = handles;
  }

  static async look({ nodes, redis }: Place): Promise<FreshNodes> {
    const handles = new Map<string, Handles>();
    for (const node of nodes.running) handles.set(node.name, await handlesOf(node));
    return new FreshNodes({ nodes, redis }, handles);
  }

  /**
   * What is there that was not, a sentence each: connections and members by the gauges, timers, sockets, listeners, and in Redis
   * keys and subscriptions. Looks until there is nothing, and at last when the time is up.
   */
  async leftBehind(timeoutMs: number): Promise<readonly string[]> {
    const deadlineMs = performance.now() + timeoutMs;
    const { nodes, redis } = this.#place;
    const names = nodes.running.map(({ name }) => name);
    for (;;) {
      const found = (await Promise.all(nodes.running.map((node) => this.#leftOn(node)))).flat();
      const isLast = performance.now() >= deadlineMs;
      if (found.length === 0 || isLast) {
        const inRedis =
          redis === undefined ? [] : await leftInRedis(redis, names, deadlineMs - performance.now());
        return [...found, ...inRedis];
      }
      await delay(lookEveryMs);
    }
  }

  async #leftOn(node: Node): Promise<readonly string[]> {
    const gauges = await readGauges(node.server, gaugeNames);
    const before = this.#handles.get(node.name) ?? {};
    return [
      ...Object.entries(gauges)
        .filter(([, value]) => value !== 0)
        .map(([gauge, value]) => `${node.name}: ${gauge}: ${value}`),
      ...Object.entries(await handlesOf(node))
        .filter(([name, count]) => count > (before[name] ?? 0) + looking)
        .map(([name, count]) => `${node.name}: ${name}: ${count}, ${before[name] ?? 0} before`),
    ];
  }
}

async function handlesOf({ server }: Node): Promise<Handles> {
  const probe = new ServerProbe(server.process);
  return { ...(await probe.resources()), ...(await probe.listeners()) };
}
