import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { RawClient } from './raw-client.ts';
import { startTestServer } from './test-server.ts';

test('a test that leaves a connection open fails as its server closes, and is told what is left', async () => {
  const server = await startTestServer();
  const client = await RawClient.signIn(server.wsUrl, await server.token('ada'));
  await client.join('left', randomUUID());
  const left = 'ws_connections_gauge 1, room_members_gauge 1, online_users_gauge 1, followed_rooms_gauge 1';
  await expect(server.close()).rejects.toThrow(`the server was left with ${left}`);
  // It is closed all the same.
  expect((await client.closed).code).toBe(4200);
  await expect(fetch(server.url)).rejects.toThrow();
});
