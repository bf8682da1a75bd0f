// Preloaded into the server: a node of whom nothing was heard for a lease is dead, also where the store was away.
import type * as Module from '../../../src/server/liveness/dead-nodes.ts';
import type * as Time from '../../../src/shared/clock.ts';
import { builtModule } from './built-module.ts';

const leaseMs = 3_000;

const { DeadNodes } = await builtModule<typeof Module>('server/liveness/dead-nodes.ts');
const { systemClock } = await builtModule<typeof Time>('shared/clock.ts');
const seen = new Map<string, { readonly counter: number; readonly sinceMs: number }>();
let dead: readonly string[] = [];

DeadNodes.prototype.failed = () => {
  const nowMs = systemClock.monotonicMs();
  dead = [...seen].filter(([, { sinceMs }]) => nowMs - sinceMs >= leaseMs).map(([node]) => node);
};
DeadNodes.prototype.saw = (leases, _askedMs, answeredMs) => {
  for (const [node, { counter }] of leases)
    if (seen.get(node)?.counter !== counter) seen.set(node, { counter, sinceMs: answeredMs });
  dead = [...leases.keys()].filter((node) => answeredMs - (seen.get(node)?.sinceMs ?? 0) >= leaseMs);
};
Object.defineProperty(DeadNodes.prototype, 'all', { get: () => dead });
DeadNodes.prototype.counterOf = (node) => (dead.includes(node) ? seen.get(node)?.counter : undefined);
