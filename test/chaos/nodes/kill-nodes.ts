import type { TalkingRun } from '../talking/talking-run.ts';
import type { Node } from './nodes.ts';

type Run = Pick<TalkingRun, 'crowd' | 'nodes' | 'tally' | 'random'>;

/** The share of killed nodes in whose place one of another name comes, as where each process has a name of its own. */
const newNameShare = 1 / 3;

/** Which node is the next to break: one that has clients. */
export function nextNode({ crowd, nodes, random }: Pick<Run, 'crowd' | 'nodes' | 'random'>): Node {
  const inUse = new Set(crowd.members.map((member) => member.node()));
  const [first, ...others] = nodes.running.filter(({ name }) => inUse.has(name));
  if (first === undefined) throw new Error('no node has clients');
  return random.pick([first, ...others]);
}

/** Kills a node. */
export async function killNode({ crowd, nodes, tally }: Omit<Run, 'random'>, node: Node): Promise<void> {
  const { ledger, kills, changes } = tally;
  const isThere = crowd.members.filter((member) => member.node() === node.name);
  kills.add(isThere.some(({ client }) => client.isConnected && ledger.hasOpen(client.name)));
  changes.ring();
  await nodes.kill(node);
}

/** Starts a node in the place of one that was killed, with its name or a new one. Resolves when it listens. */
export async function replaceNode(
  { nodes, tally: { kills }, random }: Omit<Run, 'crowd'>,
  node: Node,
): Promise<void> {
  await nodes.add(random.chance(newNameShare) ? `${node.name.split('.')[0]}.${kills.total}` : node.name);
}

/** Kills a node, and starts another in its place. */
export async function killAndReplace(run: Run, node: Node): Promise<void> {
  await killNode(run, node);
  await replaceNode(run, node);
}
