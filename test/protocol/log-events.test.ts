import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { RawClient } from './raw-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

/** What people are, say and send, none of which may stand in a line. */
const personal = {
  user: 'ada-lovelace-1815',
  name: 'Ada Lovelace',
  picture: 'https://pictures.example/ada.png',
  offer: 'v=0 o=ada-offer',
  answer: 'v=0 o=bob-answer',
  candidate: 'candidate:1 1 udp 1 192.0.2.7 9 typ host',
  attribute: 'a seat by the window',
};

/** Two in a room who negotiate; one leaves, the other's connection is lost. Gives everything that was secret or personal. */
async function converse(server: TestServer): Promise<readonly string[]> {
  const { user, name, picture } = personal;
  const token = await server.token(user, { displayName: name, avatarUrl: picture });
  const joinToken = await server.issuer.joinToken({ roomId: 'talk', expiresInS: 60 });
  const headers = { 'user-agent': 'Browser of Ada', authorization: `Bearer ${token}` };
  const ada = await RawClient.signIn(server.wsUrl, '', { headers, hello: 'none' });
  const bob = await RawClient.signIn(server.wsUrl, await server.token('bob-the-builder'));
  onTestFinished(() => bob.close());
  const [adaId, bobId] = [randomUUID(), randomUUID()];
  const attributes = { seat: personal.attribute };
  const asked = { roomId: 'talk', peerId: adaId, joinToken, attributes };
  expect((await ada.request({ case: 'joinRoom', value: asked })).result.case).toBe('roomJoined');
  await bob.join('talk', bobId);
  const relay = (from: RawClient, to: string, kind: object) =>
    from.request({ case: 'relay', value: { roomId: 'talk', to, body: { kind: kind as never } } });
  await relay(ada, bobId, { case: 'offer', value: { sdp: personal.offer } });
  await relay(bob, adaId, { case: 'answer', value: { sdp: personal.answer } });
  const candidates = [{ candidate: personal.candidate, sdpMid: '0' }];
  await relay(ada, bobId, { case: 'candidates', value: { candidates } });
  await ada.request({ case: 'leaveRoom', value: { roomId: 'talk' } });
  const { sessionSecret } = ada.welcome;
  ada.close();
  bob.close();
  await ada.closed;
  await expect.poll(() => linesOf(server, 'ws.disconnect')).toHaveLength(2);
  await expect.poll(() => linesOf(server, 'room.leave')).toHaveLength(2);
  const texts = [...Object.values(personal), 'bob-the-builder', joinToken, token, sessionSecret];
  return [...texts, ...token.split('.'), 'Browser of Ada', '127.0.0.1'];
}

function linesOf(server: TestServer, event: string) {
  return server.logLines.filter((line) => line['event'] === event);
}

/** The level of an event's lines, and the names of their fields. */
function shapeOf(server: TestServer, event: string) {
  const shapes = linesOf(server, event).map(({ level, time: _time, event: _event, ...fields }) =>
    JSON.stringify([level, Object.keys(fields).toSorted()]),
  );
  expect(new Set(shapes).size, event).toBe(1);
  return JSON.parse(shapes[0] ?? '') as unknown;
}

const hash = /^[0-9a-f]{12}$/;

test('O1, X5: connections and rooms are logged at info, relays at debug, each with its fields and nothing personal', async () => {
  const server = await startTestServer({ env: { LOG_LEVEL: 'debug', RECONNECTION_WINDOW_MS: '50' } });
  onTestFinished(() => server.close());
  const secrets = await converse(server);
  expect(shapeOf(server, 'ws.connect')).toEqual(['info', ['connection', 'subprotocol']]);
  const signedIn = ['client', 'connection', 'gen', 'session', 'user'];
  expect(shapeOf(server, 'ws.auth_success')).toEqual(['info', signedIn]);
  expect(shapeOf(server, 'ws.disconnect')).toEqual(['info', ['afterMs', 'code', 'connection', 'session']]);
  expect(shapeOf(server, 'room.join')).toEqual(['info', ['peer', 'room', 'session', 'user']]);
  expect(shapeOf(server, 'room.leave')).toEqual(['info', ['reason', 'room', 'session', 'user']]);
  const relayed = ['bytes', 'correlationId', 'from', 'room', 'session', 'to', 'user'];
  for (const kind of ['offer', 'answer', 'candidate']) {
    expect(shapeOf(server, `relay.${kind}`)).toEqual(['debug', relayed]);
    expect(linesOf(server, `relay.${kind}`)).toHaveLength(1);
  }
  // The lines of a connection name it, those of a session too, and a user is the same everywhere.
  const [{ connection, session, user } = {}] = linesOf(server, 'ws.auth_success');
  expect(linesOf(server, 'ws.connect')[0]).toMatchObject({ connection, subprotocol: 'parley.v1.proto' });
  expect(linesOf(server, 'ws.disconnect')).toContainEqual(expect.objectContaining({ connection, session }));
  expect(linesOf(server, 'room.join')[0]).toMatchObject({ session, user, room: 'talk' });
  expect(linesOf(server, 'relay.offer')[0]).toMatchObject({ session, user, room: 'talk' });
  expect(linesOf(server, 'room.leave').map(({ reason }) => reason)).toEqual(['LEFT', 'CONNECTION_LOST']);
  expect(user).toMatch(hash);
  for (const line of server.logLines.map((entry) => JSON.stringify(entry))) {
    for (const secret of secrets) expect(line).not.toContain(secret);
  }
});

test('O1: at the level of production relays are not logged, the others are', async () => {
  const server = await startTestServer({ env: { LOG_LEVEL: 'info', RECONNECTION_WINDOW_MS: '50' } });
  onTestFinished(() => server.close());
  await converse(server);
  const events = new Set(server.logLines.map((line) => line['event']));
  const expected = ['ws.connect', 'ws.auth_success', 'room.join', 'room.leave', 'ws.disconnect'];
  expect([...events].toSorted()).toEqual(expected.toSorted());
  expect(server.logLines.map(({ level }) => level)).not.toContain('debug');
});
