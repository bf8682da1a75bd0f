import { expect, test } from 'vitest';
import { CloseCode, ErrorCode } from '../../../src/client/index.ts';
import { FakeClock } from '../../contract/fake-clock.ts';
import { nextEvent, startPair, startSignedIn } from './scripted-client.ts';
import { ScriptedServer } from './scripted-server.ts';

test('L1: a lost connection comes back by itself, within its first wait, and resumes the session', async () => {
  const clock = new FakeClock();
  const { server, client, connection } = await startSignedIn({ clock });
  const reconnecting = nextEvent(client, 'state');
  const resumed = nextEvent(client, 'resumed');
  connection.terminate();
  expect(await reconnecting).toMatchObject({ state: 'reconnecting' });
  await clock.advance(300);
  const again = await server.connection();
  const { value } = await again.expect('hello');
  expect(value.resume).toMatchObject({ sessionId: 'session-1', sessionSecret: 'secret-1', positions: [] });
  again.welcome({ resumed: true });
  expect(await resumed).toEqual({ recovered: true });
  expect(client.state).toBe('connected');
});

test('L1: when all attempts fail, the client gives up and says so', async () => {
  const clock = new FakeClock();
  const options = { clock, retry: { attempts: 3 }, connectTimeoutMs: 1_000_000 };
  const { server, client, connection } = await startSignedIn(options);
  const events: string[] = [];
  client.on('gave_up', ({ error }) => events.push(`gave_up ${error.codeName}`));
  client.on('closed', ({ code }) => events.push(`closed ${code}`));
  const refusals = (async () => {
    for (let refused = 0; refused < 3; refused += 1) (await server.connection()).terminate();
  })();
  connection.terminate();
  while (client.state !== 'closed') await clock.advance(5_000);
  await refusals;
  expect(events).toEqual(['gave_up UNAVAILABLE', 'closed 1006']);
  expect(clock.pending).toBe(0);
});

test('L1: a hint that the network is back makes the client try at once', async () => {
  const clock = new FakeClock();
  let wake = () => {};
  const { server, client, connection } = await startSignedIn({
    clock,
    wake: (callback) => {
      wake = callback;
      return () => {};
    },
  });
  const lost = nextEvent(client, 'state');
  connection.terminate();
  await lost;
  wake();
  await server.signedIn({ resumed: true });
  expect(clock.now()).toBe(new FakeClock().now());
});

test('a hint on a connection that is dead replaces it within 3 s', async () => {
  const clock = new FakeClock();
  const { server, client, connection } = await startSignedIn({ clock });
  client.hintReconnect();
  await connection.expect('heartbeat');
  const lost = nextEvent(client, 'state');
  await clock.advance(3_000);
  expect(await lost).toMatchObject({ state: 'reconnecting' });
  await clock.advance(300);
  await server.signedIn({ resumed: true });
  expect(await connection.closed()).toBe(CloseCode.CONNECTION_STALE);
});

test('a hint on a connection that answers changes nothing', async () => {
  const clock = new FakeClock();
  const { client, connection } = await startSignedIn({ clock });
  client.hintReconnect();
  const { id } = await connection.expect('heartbeat');
  await clock.advance(1_000);
  const heard = nextEvent(client, 'service_status');
  connection.reply(id, { case: 'heartbeat', value: {} });
  connection.control({ case: 'serviceStatus', value: { service: 'chat', available: false } });
  expect(await heard).toMatchObject({ service: 'chat', available: false });
  await clock.advance(2_500);
  expect(client.state).toBe('connected');
});

test('the client says that it is there as often as the welcome asks, and gives up a connection that is silent after it', async () => {
  const clock = new FakeClock();
  const { server, client } = await startPair({ clock });
  const liveness = { heartbeatIntervalMs: 100, pingTimeoutMs: 450 };
  const [connection] = await Promise.all([server.signedIn({ liveness }), client.connect()]);
  await clock.advance(100);
  const first = await connection.expect('heartbeat');
  await clock.advance(100);
  const second = await connection.expect('heartbeat');
  expect(second.id).toBeGreaterThan(first.id);
  const heard = nextEvent(client, 'error');
  connection.refuse(first.id, ErrorCode.UNAVAILABLE);
  await heard;
  const lost = nextEvent(client, 'state');
  // The third, at 300 ms, is the first that nothing comes after.
  await clock.advance(549);
  expect(client.state).toBe('connected');
  await clock.advance(1);
  const { state, reason } = await lost;
  expect(state).toBe('reconnecting');
  expect(reason).toContain('nothing was heard');
});

test('a connection that is not welcomed in time is tried again', async () => {
  const clock = new FakeClock();
  const { server, client } = await startPair({ clock, connectTimeoutMs: 1_000 });
  const connected = client.connect();
  const stalled = await server.connection();
  await stalled.expect('hello');
  await clock.advance(1_300);
  await server.signedIn();
  await connected;
  expect(await stalled.closed()).toBe(CloseCode.CONNECTION_STALE);
});

test('told to go away, the client moves at the given time, and what was in flight is answered once', async () => {
  const clock = new FakeClock();
  const { server, client, connection } = await startSignedIn({ clock });
  const told = nextEvent(client, 'go_away');
  connection.control({ case: 'goAway', value: { afterMs: 2_000, untilMs: 9_000, reason: 'deploy' } });
  expect(await told).toMatchObject({ afterMs: 2_000, untilMs: 9_000, reason: 'deploy' });
  const joined = client.join('room-1', { peerId: 'p' });
  const { id } = await connection.expect('joinRoom');
  await clock.advance(1_999);
  expect(client.state).toBe('connected');
  await clock.advance(1);
  const elsewhere = await server.connection();
  expect((await elsewhere.expect('hello')).value.resume?.sessionId).toBe('session-1');
  elsewhere.welcome({ resumed: true });
  const again = await elsewhere.expect('joinRoom');
  expect(again.id).toBe(id);
  elsewhere.reply(id, { case: 'roomJoined', value: { room: { roomId: 'room-1', ownPeerId: 'p' } } });
  expect((await joined).id).toBe('room-1');
});

test('close while the connection is away ends the client, and leaves no timer', async () => {
  const clock = new FakeClock();
  const { server, client, connection } = await startSignedIn({ clock });
  const lost = nextEvent(client, 'state');
  connection.terminate();
  await lost;
  await client.close();
  expect(client.state).toBe('closed');
  expect(clock.pending).toBe(0);
  expect(server.openSockets).toBe(0);
});

test('a server that comes back on its port is found again', async () => {
  const { server, client, connection } = await startSignedIn({ retry: { firstDelayMs: 5, maxDelayMs: 20 } });
  const { port } = server;
  const lost = nextEvent(client, 'state');
  connection.terminate();
  await server.close();
  await lost;
  const reborn = await ScriptedServer.listen(port);
  const resumed = nextEvent(client, 'resumed');
  await reborn.signedIn({ sessionId: 'session-2', sessionSecret: 'secret-2' });
  expect(await resumed).toEqual({ recovered: false });
  await Promise.all([client.close(), reborn.close()]);
});
