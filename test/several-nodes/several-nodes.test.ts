import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../program/eventually.ts';
import { RawClient } from '../protocol/raw-client.ts';
import { RecordingIssuer } from '../reporter/recording-issuer.ts';
import { type SeveralNodes, startSeveralNodes } from './several-nodes.ts';

const composeFile = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
const secret = 'a secret of the tests, at least 32 bytes long';
const settleMs = 10_000;

async function start(): Promise<SeveralNodes> {
  const parts = await startSeveralNodes(composeFile, { JWT_SECRET: secret });
  onTestFinished(() => parts.stop());
  return parts;
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
  await eventually(
    'all nodes answer',
    async () => (await answering(parts)).length === parts.nodes.size || undefined,
    settleMs,
  );
  expect(await answering(parts)).toEqual([...parts.nodes.keys()]);

  const primary = parts.redis.get('redis');
  expect(String(await primary?.call('INFO', 'replication'))).toContain('connected_slaves:1');
  expect(await primary?.call('CONFIG', 'GET', 'min-replicas-to-write')).toContain('1');
  expect(await primary?.call('CONFIG', 'GET', 'appendfsync')).toContain('everysec');

  // A WebSocket to each of them: the load balancer takes the next to one that has fewer.
  const issuer = new RecordingIssuer({ secret });
  const url = `${parts.loadBalancer.url.replace('http', 'ws')}/ws`;
  for (const userId of ['ada', 'bob', 'cy']) {
    const client = await RawClient.signIn(url, await issuer.sessionToken({ userId, expiresInS: 3_600 }));
    onTestFinished(() => client.close());
    expect(client.welcome.userId).toBe(userId);
  }
  const gauges = await Promise.all([...parts.nodes.values()].map(connections));
  expect(gauges).toEqual([1, 1, 1]);
});

async function connections({ url }: { readonly url: string }): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^ws_connections_gauge(?:\{.*\})? (\d+)$/m.exec(text)?.[1]);
}
