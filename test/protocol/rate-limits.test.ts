import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

/** How long drops are gathered into one warning, and into one line of the log. */
const gatherMs = 250;
const logAfterMs = 1_000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

interface Peer {
  readonly client: RawClient;
  readonly peerId: string;
  readonly roomId: string;
}

async function peer(userId: string, roomId: string, on = server): Promise<Peer> {
  const client = await RawClient.signIn(on.wsUrl, await on.token(userId));
  onTestFinished(() => client.close());
  const peerId = randomUUID();
  await client.join(roomId, peerId);
  return { client, peerId, roomId };
}

type Body = Parameters<RawClient['request']>[0];
const relay = ({ roomId }: Peer, to: Peer, kind: object) =>
  ({ case: 'relay', value: { roomId, to: to.peerId, body: { kind } } }) as Body;

/** Sends candidates that say their numbers, each in a frame of its own, all at once. Returns the ids. */
function sendCandidates(from: Peer, to: Peer, count: number, filler = ''): number[] {
  return Array.from({ length: count }, (_, number) => {
    const id = from.client.takeId();
    const candidate = `candidate:${number} 1 udp 2130706431 192.0.2.1 50000 typ host ${filler}`;
    from.client.send({
      id,
      body: relay(from, to, { case: 'candidates', value: { candidates: [{ candidate }] } }),
    });
    return id;
  });
}

/** The numbers of the candidates that came. */
const numbersAt = ({ client }: Peer) =>
  client.events('relay').flatMap(({ body }) => {
    const kind = body.value.body?.kind;
    return kind?.case === 'candidates'
      ? kind.value.candidates.map((it) => Number(it.candidate.slice(10, 16).trim().split(' ')[0]))
      : [];
  });

const warningsAt = ({ client }: Peer) =>
  client.frames.flatMap(({ frame }) =>
    frame.case === 'control' && frame.value.body.case === 'dropped' ? [frame.value.body.value] : [],
  );

/** One side offers and one answers, and each sends 60 candidates at once. Resolves when all of it has come. */
async function call(caller: Peer, callee: Peer): Promise<void> {
  caller.client.send({
    id: caller.client.takeId(),
    body: relay(caller, callee, { case: 'offer', value: { sdp: 'v=0' } }),
  });
  sendCandidates(caller, callee, 60);
  await callee.client.event('relay');
  callee.client.send({
    id: callee.client.takeId(),
    body: relay(callee, caller, { case: 'answer', value: { sdp: 'v=0' } }),
  });
  sendCandidates(callee, caller, 60);
  await Promise.all([caller, callee].map(({ client }) => client.event('relay', 60)));
}

test('X2: a normal call with 60 candidates a side, each in a frame of its own and all at once, loses none', async () => {
  const [alice, bob] = [await peer('alice', 'x2-call'), await peer('bob', 'x2-call')];
  await call(alice, bob);
  for (const side of [alice, bob]) {
    expect(numbersAt(side)).toEqual(Array.from({ length: 60 }, (_, number) => number));
    await side.client.settle();
    expect(warningsAt(side)).toEqual([]);
  }
});

test('X2: of 10,000 candidates at once the excess is dropped with a warning that names the ids, and others call meanwhile', async () => {
  // Also a machine that takes ten seconds to read them all gets thousands too many.
  const strict = await startTestServer({ env: { CONNECTION_RATE: '200' } });
  onTestFinished(() => strict.close());
  const enter = (userId: string, roomId: string) => peer(userId, roomId, strict);
  const [mallory, victim] = [await enter('mallory', 'x2-burst'), await enter('victim', 'x2-burst')];
  const [alice, bob] = [await enter('alice', 'x2-other'), await enter('bob', 'x2-other')];
  const sentAtMs = performance.now();
  const ids = sendCandidates(mallory, victim, 10_000);
  await call(alice, bob);
  await mallory.client.reply(ids.at(-1) ?? 0);
  const tookMs = performance.now() - sentAtMs;

  const warnings = warningsAt(mallory);
  expect(warnings.length).toBeGreaterThan(0);
  expect(warnings.length).toBeLessThan(3 + tookMs / gatherMs);
  for (const { error } of warnings) {
    expect(error).toMatchObject({ code: ErrorCode.RATE_LIMITED, retryable: true });
    expect(error?.retryAfterMs).toBeGreaterThanOrEqual(100);
  }
  expect(warnings.map(({ error }) => error?.message).join()).toContain(
    "over the connection's 200 tokens a second",
  );
  const dropped = new Set(warnings.flatMap((warning) => warning.ids));
  expect(dropped.size).toBeGreaterThan(5_000);
  // What is not named has come, once and in order; what is named has not.
  const passed = ids.flatMap((id, number) => (dropped.has(id) ? [] : [number]));
  await victim.client.event('relay', passed.length - 1);
  await victim.client.settle();
  expect(numbersAt(victim)).toEqual(passed);
  expect(mallory.client.frames.filter(({ frame }) => frame.case === 'reply')).toHaveLength(1);
  expect(mallory.client.frames.length).toBeLessThan(200);
  await expect
    .poll(() => strict.logLines.filter(({ event }) => event === 'limit.dropped').length)
    .toBeGreaterThan(0);
  const lines = strict.logLines.filter(({ event }) => event === 'limit.dropped');
  expect(lines.length).toBeLessThan(3 + tookMs / logAfterMs);
});

test('X2: requests beyond 64 unanswered are dropped with one warning, and the rest arrives', async () => {
  // A log that takes its time: what is answered at once never waits.
  const unsteady = await startTestServer({ unsteadySeed: 7 });
  onTestFinished(() => unsteady.close());
  const [alice, bob] = [await peer('alice', 'x2-window', unsteady), await peer('bob', 'x2-window', unsteady)];
  const ids = sendCandidates(alice, bob, 200);
  await alice.client.reply(ids.at(-1) ?? 0);
  const warnings = warningsAt(alice);
  const dropped = warnings.flatMap((warning) => warning.ids);
  expect(dropped.length).toBeGreaterThan(0);
  expect(dropped.length).toBeLessThanOrEqual(200 - 64);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]?.error?.message).toBe(`requests were dropped: ${dropped.length} beyond 64 unanswered`);
  await expect.poll(() => numbersAt(bob)).toHaveLength(200 - dropped.length);
});

test('X2: no acknowledgement passes over a dropped id before the warning has named it', async () => {
  const [mallory, victim] = [await peer('mallory', 'x2-order'), await peer('victim', 'x2-order')];
  const ids = sendCandidates(mallory, victim, 3_000);
  await mallory.client.reply(ids.at(-1) ?? 0);
  await victim.client.settle();
  const arrived = new Set(numbersAt(victim).map((number) => ids[number]));
  const named = new Set<number>();
  for (const { frame } of mallory.client.frames) {
    if (frame.case !== 'control') continue;
    const { body } = frame.value;
    if (body.case === 'dropped') for (const id of body.value.ids) named.add(id);
    if (body.case !== 'acknowledged') continue;
    const { ackedThrough } = body.value;
    expect(ids.filter((id) => id <= ackedThrough && !named.has(id) && !arrived.has(id))).toEqual([]);
  }
  expect(named.size + arrived.size).toBe(3_000);
});

test("X2: twenty clients, each under its own limit, exceed their room's, and another room notices nothing", async () => {
  const small = await startTestServer({
    env: { MAX_FRAME_BYTES: '65536', ROOM_LOG_MAX_BYTES: '65536', ROOM_RATE_BYTES: '1024' },
  });
  onTestFinished(() => small.close());
  const crowd = await Promise.all(
    Array.from({ length: 21 }, (_, nth) => peer(`user-${nth}`, 'crowded', small)),
  );
  const [alice, bob] = [await peer('alice', 'calm', small), await peer('bob', 'calm', small)];
  const [receiver] = crowd;
  if (receiver === undefined) throw new Error('no receiver');
  const senders = crowd.slice(1);
  const sent = senders.map((sender) => sendCandidates(sender, receiver, 20, 'x'.repeat(200)));
  await call(alice, bob);
  await Promise.all(senders.map((sender, nth) => sender.client.reply(sent[nth]?.at(-1) ?? 0)));

  const warnings = senders.flatMap(warningsAt);
  const dropped = warnings.reduce((count, { ids }) => count + ids.length, 0);
  await receiver.client.settle();
  expect(dropped).toBeGreaterThan(200);
  expect(receiver.client.events('relay')).toHaveLength(20 * 20 - dropped);
  expect(warnings[0]?.error?.message).toMatch(
    /^requests were dropped: \d+ over the room's 1024 bytes a second$/,
  );
  expect(warnings.length).toBeLessThan(40);
  for (const side of [alice, bob]) expect(warningsAt(side)).toEqual([]);
});

test('S5, X2: what had its effect is not called dropped when it is sent again, though its room has sent too much since', async () => {
  const small = await startTestServer({
    env: { MAX_FRAME_BYTES: '65536', ROOM_LOG_MAX_BYTES: '65536', ROOM_RATE_BYTES: '1024' },
  });
  onTestFinished(() => small.close());
  const [alice, bob] = [await peer('alice', 'resent', small), await peer('bob', 'resent', small)];
  // Both are long: what is short may pass, for the room's bytes come back while the test runs.
  const offer = relay(alice, bob, { case: 'offer', value: { sdp: 'x'.repeat(4_000) } });
  const update = {
    case: 'updatePeer',
    value: { roomId: 'resent', attributes: { a: 'x'.repeat(900), b: 'x'.repeat(900), c: 'x'.repeat(900) } },
  } as const;
  const requests = [offer, update].map((body) => ({ id: alice.client.takeId(), body }));
  for (const request of requests) alice.client.send(request);
  await alice.client.reply(requests.at(-1)?.id ?? 0);
  const flood = sendCandidates(bob, alice, 300, 'x'.repeat(200));
  await bob.client.reply(flood.at(-1) ?? 0);
  expect(warningsAt(bob).length).toBeGreaterThan(0);

  const { sessionId, sessionSecret } = alice.client.welcome;
  const resume = { sessionId, sessionSecret, attempt: 1 };
  const value = { token: await small.token('alice'), resume };
  const returned = await RawClient.open(small.wsUrl, { hello: { case: 'hello', value } });
  onTestFinished(() => returned.close());
  expect((await returned.welcomed()).resumed).toBe(true);
  for (const request of requests) returned.send(request);
  await returned.reply(requests.at(-1)?.id ?? 0);
  // What is new is dropped as ever: the room has sent too much.
  const id = Math.max(...requests.map((request) => request.id)) + 1;
  returned.send({ id, body: update });
  expect((await returned.control('dropped')).body.value.ids).toEqual([id]);
  expect(warningsAt({ ...alice, client: returned })).toHaveLength(1);
  await bob.client.settle();
  expect(bob.client.events('relay')).toHaveLength(1);
  expect(bob.client.events('peerUpdated')).toHaveLength(1);
});

test('X2: what a host decides and what leaves are not held up by a room that has sent too much', async () => {
  const small = await startTestServer({
    env: { MAX_FRAME_BYTES: '65536', ROOM_LOG_MAX_BYTES: '65536', ROOM_RATE_BYTES: '1024' },
  });
  onTestFinished(() => small.close());
  const [host, flooder] = [await peer('host', 'hosted', small), await peer('flooder', 'hosted', small)];
  const ids = sendCandidates(flooder, host, 300, 'x'.repeat(200));
  await flooder.client.reply(ids.at(-1) ?? 0);
  expect(warningsAt(flooder).length).toBeGreaterThan(0);
  const update = {
    case: 'updatePeer',
    value: { roomId: 'hosted', attributes: { a: 'x'.repeat(900) } },
  } as const;
  const id = host.client.takeId();
  host.client.send({ id, body: update });
  expect((await host.client.control('dropped')).body.value.ids).toEqual([id]);
  const kicked = await host.client.request({
    case: 'kickPeer',
    value: { roomId: 'hosted', peerId: flooder.peerId },
  });
  expect(kicked.result.case).toBeUndefined();
  expect((await host.client.event('peerLeft')).body.value.peerId).toBe(flooder.peerId);
  expect(
    (await host.client.request({ case: 'leaveRoom', value: { roomId: 'hosted' } })).result.case,
  ).toBeUndefined();
});

test('X2: heartbeats without an id that are over the limit are dropped without a word, and the session goes on', async () => {
  const strict = await startTestServer({ env: { CONNECTION_BURST: '64', CONNECTION_RATE: '200' } });
  onTestFinished(() => strict.close());
  const alice = await peer('alice', 'beating', strict);
  for (let beat = 0; beat < 2_000; beat++) alice.client.send({ body: { case: 'heartbeat', value: {} } });
  const line = () => strict.logLines.find(({ event }) => event === 'limit.dropped');
  await expect.poll(line, { timeout: 3_000 }).toMatchObject({ level: 'warn', room: 0, window: 0 });
  await alice.client.settle();
  expect(alice.client.frames.filter(({ frame }) => frame.case === 'control')).toHaveLength(1);
});
