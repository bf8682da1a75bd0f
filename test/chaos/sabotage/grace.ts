// Preloaded into the server: a node whose counter stands still is dead, also where the store was away.
import type * as Module from '../../../src/server/liveness/dead-nodes.ts';
import type { NodeLease } from '../../../src/server/port/node-leases.ts';
import { builtModule } from './built-module.ts';

const leaseMs = 3_000;

const { DeadNodes } = await builtModule<typeof Module>('server/liveness/dead-nodes.ts');
const seen = new Map<string, { readonly counter: number; readonly sinceMs: number }>();
let dead: readonly string[] = [];

DeadNodes.prototype.failed = () => undefined;
DeadNodes.prototype.saw = (leases: ReadonlyMap<string, NodeLease>, _askedMs, answeredMs) => {
  for (const [node, { counter }] of leases)
    if (seen.get(node)?.counter !== counter) seen.set(node, { counter, sinceMs: answeredMs });
  dead = [...leases.keys()].filter((node) => answeredMs - (seen.get(node)?.sinceMs ?? 0) >= leaseMs);
};
Object.defineProperty(DeadNodes.prototype, 'all', { get: () => dead });
DeadNodes.prototype.counterOf = (node) => (dead.includes(node) ? seen.get(node)?.counter : undefined);
