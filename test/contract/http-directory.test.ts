import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { RoomAccess, type RoomRecord } from '../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../gen/parley/signal/v1/room_pb.ts';
import { HttpDirectory } from '../../src/server/adapter/directory/http-directory.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import {
  type DirectoryFixture,
  deadlineMs,
  directoryContract,
  failingRoom,
  knownRooms,
  refusalOf,
  stalledRoom,
  upstreamText,
} from './directory.contract.ts';

interface HttpFixture extends DirectoryFixture {
  /** The paths that were asked for, in order. */
  readonly paths: readonly string[];
}

async function serve(listener: RequestListener, path = ''): Promise<HttpFixture> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(`${request.method ?? ''} ${request.url ?? ''}`);
    listener(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stop = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return { directory: new HttpDirectory({ baseUrl, deadlineMs }), paths, die: stop, close: stop };
}

function jsonOf({ roomId, mode, metadata, policy }: RoomRecord): string {
  return JSON.stringify({
    id: roomId,
    mode: mode === RoomMode.SFU ? 'sfu' : 'p2p',
    metadata,
    policy: { ...policy, access: policy?.access === RoomAccess.GRANT ? 'grant' : 'open' },
    owner: { a: 'field of its own' },
  });
}

const service: RequestListener = (request, response) => {
  const roomId = decodeURIComponent(request.url?.replace('/internal/rooms/', '') ?? '');
  const room = knownRooms.find((known) => known.roomId === roomId);
  if (roomId === stalledRoom) return;
  if (roomId === failingRoom) response.writeHead(500).end(upstreamText);
  else if (room === undefined) response.writeHead(404).end(upstreamText);
  else response.writeHead(200, { 'content-type': 'application/json' }).end(jsonOf(room));
};

directoryContract('plain HTTP', () => serve(service));

const answering =
  (json: string, status = 200): RequestListener =>
  (_, response) =>
    response.writeHead(status).end(json);

test('R4: the plain adapter asks for GET /internal/rooms/:id below its base', async () => {
  const fixture = await serve(answering('{"id":"daily"}'), '/app/');
  onTestFinished(() => fixture.close());
  await fixture.directory.getRoom('daily');
  expect(fixture.paths).toEqual(['GET /app/internal/rooms/daily']);
});

test('R4: a room id that is a path of its own never leaves /internal/rooms', async () => {
  const fixture = await serve(answering('{"id":".."}'));
  onTestFinished(() => fixture.close());
  expect(await fixture.directory.getRoom('..')).toBeUndefined();
  expect(await fixture.directory.getRoom('.')).toBeUndefined();
  expect(fixture.paths).toEqual([]);
});

test('R4: what the JSON leaves out has the documented defaults', async () => {
  const fixture = await serve(answering('{"id":"daily"}'));
  onTestFinished(() => fixture.close());
  const room = await fixture.directory.getRoom('daily');
  expect(room).toMatchObject({ roomId: 'daily', mode: RoomMode.P2P, metadata: {} });
  expect(room?.policy).toMatchObject({
    access: RoomAccess.OPEN,
    createOnJoin: true,
    capacity: 0,
    permissions: { publish: true, subscribe: true, chat: true, relay: true, host: false },
    creatorIsHost: false,
    p2pFallback: false,
    sfuAbovePeers: 0,
  });
});

test('R4: rights that the JSON does not name are not given', async () => {
  const fixture = await serve(answering('{"id":"daily","policy":{"permissions":{"subscribe":true}}}'));
  onTestFinished(() => fixture.close());
  const room = await fixture.directory.getRoom('daily');
  const rights = { publish: false, subscribe: true, chat: false, relay: false, host: false };
  expect(room?.policy?.permissions).toMatchObject(rights);
});

test.each([
  ['no JSON', '<html>', 200],
  ['no object', '[]', 200],
  ['nothing', '', 204],
  ['another room', '{"id":"other"}', 200],
  ['an unknown mode', '{"id":"daily","mode":"mesh"}', 200],
  ['an unknown access', '{"id":"daily","policy":{"access":"members"}}', 200],
  ['an access that it can not decide', '{"id":"daily","policy":{"access":"ask"}}', 200],
  ['metadata that is no text', '{"id":"daily","metadata":{"a":1}}', 200],
  ['a capacity below 0', '{"id":"daily","policy":{"capacity":-1}}', 200],
  ['a policy that is no object', '{"id":"daily","policy":"open"}', 200],
  ['a redirect to nowhere', '', 302],
  ['a refusal', '{"id":"daily"}', 403],
])('R4: an answer that is %s is DIRECTORY_UNAVAILABLE', async (_, json, status) => {
  const fixture = await serve(answering(json, status));
  onTestFinished(() => fixture.close());
  const refusal = await refusalOf(fixture.directory.getRoom('daily'));
  expect(refusal.code).toBe(ErrorCode.DIRECTORY_UNAVAILABLE);
  expect(refusal.message).toBe('the Directory can not be asked for the moment');
});

test('R4: the deadline holds for a body that does not end, too', async () => {
  const fixture = await serve((_, response) => void response.writeHead(200).write('{"id":'));
  onTestFinished(() => fixture.close());
  const refusal = await refusalOf(fixture.directory.getRoom('daily'));
  expect(refusal.message).toBe(`the Directory did not answer within ${deadlineMs} ms`);
});

test('the plain adapter lets in whom the policy does, and knows no users', async () => {
  const fixture = await serve(service);
  onTestFinished(() => fixture.close());
  expect(await fixture.directory.authorizeJoin('lecture', 'ann')).toEqual({ allowed: true });
  expect(await fixture.directory.getUser('ann')).toBeUndefined();
});
