import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/process/config.ts';
import { eventually } from '../program/eventually.ts';
import { RawClient } from '../protocol/raw-client.ts';
import { RecordingIssuer } from '../reporter/recording-issuer.ts';
import { enter, talk } from './member.ts';
import { type SeveralNodes, startSeveralNodes } from './several-nodes.ts';

const composeFile = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
const secret = 'a secret of the tests, at least 32 bytes long';
const settleMs = 10_000;
/** How long a client that lost its connection may be away. */
const windowMs = 1_000;

/** Resolves when the load balancer takes clients to each node. */
async function start(): Promise<SeveralNodes> {
  const parts = await startSeveralNodes(composeFile, { JWT_SECRET: secret });
  onTestFinished(() => parts.stop());
  await eventually(
    'all nodes answer',
    async () => (await answering(parts)).length === parts.nodes.size || undefined,
    settleMs,
  );
  return parts;
}

async function token(userId: string): Promise<string> {
  return await new RecordingIssuer({ secret }).sessionToken({ userId, windowMs, expiresInS: 3_600 });
}

/** Where clients come in. */
function wsUrl({ loadBalancer }: SeveralNodes): string {
  return `${loadBalancer.url.replace('http', 'ws')}/ws`;
}

/** Which nodes answer through the load balancer, asked often enough that each has its turn. */
async function answering({ loadBalancer, nodes }: SeveralNodes): Promise<readonly string[]> {
  const names = new Set<string>();
  for (let count = 0; count < 2 * nodes.size; count++) {
    const response = await fetch(`${loadBalancer.url}/health`);
    names.add(((await response.json()) as { readonly node: string }).node);
  }
  return [...names].sort();
}

test('what the compose file describes starts, and its three nodes answer through its load balancer', async () => {
  const parts = await start();
  expect([...parts.nodes.keys()]).toEqual(['node-1', 'node-2', 'node-3']);
  expect(await answering(parts)).toEqual([...parts.nodes.keys()]);

  const primary = parts.redis.get('redis');
  expect(String(await primary?.call('INFO', 'replication'))).toContain('connected_slaves:1');
  expect(await primary?.call('CONFIG', 'GET', 'min-replicas-to-write')).toContain('1');
  expect(await primary?.call('CONFIG', 'GET', 'appendfsync')).toContain('everysec');

  // A WebSocket to each of them: the load balancer takes the next to one that has fewer.
  for (const userId of ['ada', 'bob', 'cy']) {
    const client = await RawClient.signIn(wsUrl(parts), await token(userId));
    onTestFinished(() => client.close());
    expect(client.welcome.userId).toBe(userId);
  }
  expect([...(await gauges(parts, 'ws_connections_gauge')).values()]).toEqual([1, 1, 1]);
});

test('S6, N3: behind the load balancer a client whose node is killed goes on at another, nothing between it and the other one is lost, and nobody is seen leaving', {
  timeout: 60_000,
}, async () => {
  const parts = await start();
  const ada = await enter(wsUrl(parts), await token('ada'));
  const [nodeOfAda = ''] = await nodesOfMembers(parts);
  const bob = await enter(wsUrl(parts), await token('bob'));
  const nodeOfBob = (await nodesOfMembers(parts)).find((name) => name !== nodeOfAda) ?? '';
  const talking = new AbortController();
  const talks = Promise.all([talk(ada, bob, talking.signal), talk(bob, ada, talking.signal)]);
  await expect.poll(() => Math.min(ada.heard.length, bob.heard.length)).toBeGreaterThan(2);

  await kill(parts, nodeOfBob);
  // As long as a client could be away without being seen leaving, and a bit.
  await Promise.race([talks, delay(readConfig({}).nodeLeaseMs + windowMs + 2_000)]);
  talking.abort();
  const [byAda, byBob] = await talks;
  await expect.poll(() => bob.heard).toEqual(byAda);
  await expect.poll(() => ada.heard).toEqual(byBob);
  expect(ada.happened).toEqual([]);
  expect(bob.happened).toEqual(['reconnecting', 'connected', 'resumed without a gap']);
  const nodesNow = await nodesOfMembers(parts);
  expect(nodesNow).toHaveLength(2);
  expect(nodesNow).toContain(nodeOfAda);
  expect(nodesNow).not.toContain(nodeOfBob);
});

async function kill({ nodes }: SeveralNodes, name: string): Promise<void> {
  const node = nodes.get(name);
  if (node === undefined) throw new Error(`there is no node ${name}`);
  process.kill(node.pid, 'SIGKILL');
  await node.ended;
}

/** Of each member of a room the node that has its connection. */
async function nodesOfMembers(parts: SeveralNodes): Promise<readonly string[]> {
  const members = await gauges(parts, 'room_members_gauge');
  return [...members].flatMap(([name, count]) => Array.from({ length: count }, () => name));
}

/** A gauge of each node that runs. */
async function gauges({ nodes }: SeveralNodes, gauge: string): Promise<ReadonlyMap<string, number>> {
  const values = new Map<string, number>();
  for (const [name, { url }] of nodes) {
    const response = await fetch(`${url}/metrics`).catch(() => undefined);
    const [, value] =
      new RegExp(`^${gauge}(?:\\{.*\\})? (\\d+)$`, 'm').exec((await response?.text()) ?? '') ?? [];
    if (response !== undefined) values.set(name, Number(value));
  }
  return values;
}
