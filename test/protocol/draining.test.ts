import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { RawClient } from './raw-client.ts';
import { sharedState, startTestServer } from './test-server.ts';

/** Two nodes with the same rooms and sessions, closed with the test. */
async function startNodes(env: Readonly<Record<string, string>>) {
  const { state, end } = sharedState();
  onTestFinished(end);
  const start = async () => {
    const server = await startTestServer({ state, env: { RECONNECTION_WINDOW_MS: '5000', ...env } });
    onTestFinished(() => server.close());
    return server;
  };
  const [here, there] = [await start(), await start()];
  const signIn = async (userId: string) => {
    const client = await RawClient.signIn(here.wsUrl, await here.token(userId));
    onTestFinished(() => client.close());
    return client;
  };
  /** The client's next connection, on the other node. */
  const move = async (of: RawClient, positions: { stream: string; epoch: number; offset: number }[] = []) => {
    const { userId, sessionId, sessionSecret } = of.welcome;
    const resume = { sessionId, sessionSecret, attempt: 1, positions };
    const value = { token: await there.token(userId), resume };
    const client = await RawClient.open(there.wsUrl, { hello: { case: 'hello', value } });
    onTestFinished(() => client.close());
    await client.welcomed();
    return client;
  };
  const logged = (event: string) => here.logLines.find((line) => line['event'] === event);
  return { state, here, there, signIn, move, logged };
}

/** When the client was told to move. */
async function told(client: RawClient) {
  const { afterMs, untilMs } = (await client.control('goAway')).body.value;
  return { afterMs, untilMs };
}

const signal = (roomId: string, to: string, type: string) => {
  const kind = { case: 'signal', value: { type, data: new Uint8Array() } } as const;
  return { case: 'relay', value: { roomId, to, body: { kind } } } as const;
};

test('S7: each client is told another time to move at, and the drain is over when the last has gone', async () => {
  const { here, signIn, move, logged } = await startNodes({ DRAIN_CLIENTS_PER_SECOND: '4' });
  const clients = [await signIn('ann'), await signIn('ben'), await signIn('cat')];
  const drained = here.drain();
  const times = await Promise.all(clients.map(told));
  expect(times).toEqual([
    { afterMs: 0, untilMs: 5_000 },
    { afterMs: 250, untilMs: 5_250 },
    { afterMs: 500, untilMs: 5_500 },
  ]);
  for (const client of clients) {
    client.close(1000);
    expect((await move(client)).welcome.resumed).toBe(true);
  }
  await drained;
  expect(logged('drain.start')).toMatchObject({ clients: 3, perSecond: 4 });
  expect(logged('drain.end')).toMatchObject({ moved: 3, closed: 0 });
});

test('S7: a node that drains takes no upgrade, says so to who asks for its health, and closes who has not signed in', async () => {
  const { here, signIn } = await startNodes({});
  const unsigned = await RawClient.open(here.wsUrl, { hello: 'none' });
  const client = await signIn('ann');
  expect((await fetch(`${here.url}/health`)).status).toBe(200);
  const drained = here.drain();
  expect((await unsigned.closed).code).toBe(4200);
  const refused = new WebSocket(here.wsUrl, 'parley.v1.proto');
  refused.on('error', () => undefined);
  const [, response] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(503);
  refused.terminate();
  expect(await (await fetch(`${here.url}/health`)).json()).toMatchObject({ status: 'draining' });
  const readiness = await fetch(`${here.url}/readyz`);
  expect([readiness.status, await readiness.json()]).toEqual([
    503,
    { status: 'unready', reasons: ['draining'] },
  ]);
  expect((await fetch(`${here.url}/livez`)).status).toBe(200);
  // Who is here is served as before.
  expect((await client.join('still', '')).created).toBe(true);
  client.close(1000);
  await drained;
});

test('S7: who has not moved in its time is closed, and its session can be resumed elsewhere, with its rooms', async () => {
  const { here, signIn, move, logged } = await startNodes({ DRAIN_TIMEOUT_MS: '300' });
  const [lazy, other] = [await signIn('ann'), await signIn('ben')];
  const peerId = randomUUID();
  await lazy.join('moving', peerId);
  await other.join('moving', randomUUID());
  const drained = here.drain();
  const { untilMs } = await told(lazy);
  expect(untilMs).toBe(100);
  expect((await lazy.closed).code).toBe(4200);
  await drained;
  expect(logged('drain.end')).toMatchObject({ closed: 2 });
  const moved = await move(lazy);
  expect(moved.welcome).toMatchObject({ resumed: true, rooms: [{ roomId: 'moving' }] });
  await (await move(other)).settle();
  expect(other.events('peerLeft')).toEqual([]);
});

test('S7: requests that a client sends up to its move, and again after it, have their effect once and in order', async () => {
  const { here, signIn, move } = await startNodes({ DRAIN_CLIENTS_PER_SECOND: '1' });
  const [ann, ben] = [await signIn('ann'), await signIn('ben')];
  const to = randomUUID();
  await ann.join('busy', randomUUID());
  const { room } = await ben.join('busy', to);
  const drained = here.drain();
  await told(ann);
  const ids = Array.from({ length: 40 }, () => ann.takeId());
  const send = (client: RawClient, id: number) => client.send({ id, body: signal('busy', to, String(id)) });
  for (const id of ids.slice(0, 20)) send(ann, id);
  // Whether these have come there when it is gone is open.
  ann.close(1000);
  const moved = await move(ann);
  for (const id of ids) send(moved, id);
  const replies = await Promise.all(ids.map((id) => moved.reply(id)));
  expect(replies.filter(({ result }) => result.case !== undefined)).toEqual([]);
  const offset = room?.head?.offset ?? 0;
  const epoch = room?.head?.epoch ?? 0;
  ben.close(1000);
  await drained;
  // From where it joined on: what it had already, and what it had not.
  const back = await move(ben, [{ stream: 'busy', epoch, offset }]);
  await back.event('relay', ids.length - 1);
  const types = back
    .events('relay')
    .map(({ body }) => (body.value.body?.kind.value as { type: string }).type);
  expect(types).toEqual(ids.map(String));
});

test('S7: a node that stops has told its store of the connections that are gone, also where that takes a while', async () => {
  const { state, end } = sharedState();
  onTestFinished(end);
  const detached: string[] = [];
  const detach = state.store.detach.bind(state.store);
  state.store.detach = async (ref, gen, windowMs) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    detached.push(ref.userId);
    return await detach(ref, gen, windowMs);
  };
  const server = await startTestServer({ state });
  const client = await RawClient.signIn(server.wsUrl, await server.token('ann'));
  client.close();
  await server.close();
  expect(detached).toEqual(['ann']);
});

test('with the state in memory there is nowhere to go: nobody is told to, and nothing is refused', async () => {
  const server = await startTestServer();
  onTestFinished(() => server.close());
  const client = await RawClient.signIn(server.wsUrl, await server.token('ann'));
  await server.drain();
  await client.settle();
  expect(
    client.frames.some(({ frame }) => frame.case === 'control' && frame.value.body.case === 'goAway'),
  ).toBe(false);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  client.close();
});
