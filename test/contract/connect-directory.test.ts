import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, createRouterTransport } from '@connectrpc/connect';
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  Http2SessionManager,
} from '@connectrpc/connect-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DirectoryService } from '../../gen/parley/directory/v1/directory_pb.ts';
import { PermissionsSchema } from '../../gen/parley/signal/v1/room_pb.ts';
import { ConnectDirectory } from '../../src/server/adapter/directory/connect-directory.ts';
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

/** A service of an adopter's own, which knows some rooms and people, and can fail. */
function routes(isDead: () => boolean = () => false): (router: ConnectRouter) => void {
  return (router) => {
    router.service(DirectoryService, {
      async getRoom({ roomId }) {
        if (isDead() || roomId === failingRoom) throw new ConnectError(upstreamText, Code.Internal);
        if (roomId === stalledRoom) await new Promise(() => undefined);
        const room = knownRooms.find((known) => known.roomId === roomId);
        if (room === undefined) throw new ConnectError(upstreamText, Code.NotFound);
        return { room };
      },
      authorizeJoin({ roomId, userId }) {
        if (roomId === 'nowhere') throw new ConnectError(upstreamText, Code.NotFound);
        if (roomId === failingRoom) throw new ConnectError(upstreamText, Code.PermissionDenied);
        if (userId === 'ann') return { allowed: true, permissions: { subscribe: true, host: true } };
        return userId === 'bob'
          ? { allowed: true }
          : { allowed: false, reason: 'This room is for the team.' };
      },
      getUsers({ userIds }) {
        const ann = { userId: 'ann', displayName: 'Ann', avatarUrl: 'https://pictures.example/ann.png' };
        return { users: userIds.includes('ann') ? [ann] : [] };
      },
    });
  };
}

async function listen(server: Http2Server): Promise<{ url: string; stop: () => Promise<void> }> {
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

function inProcess(): Promise<DirectoryFixture> {
  let dead = false;
  return Promise.resolve({
    directory: new ConnectDirectory({ transport: createRouterTransport(routes(() => dead)), deadlineMs }),
    die: () => {
      dead = true;
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}

async function overHttp2(protocol: 'connect' | 'grpc'): Promise<DirectoryFixture> {
  const server = createServer(connectNodeAdapter({ routes: routes() }));
  const { url, stop } = await listen(server);
  const sessionManager = new Http2SessionManager(url);
  const transport =
    protocol === 'connect'
      ? createConnectTransport({ baseUrl: url, httpVersion: '2', sessionManager })
      : createGrpcTransport({ baseUrl: url, sessionManager });
  return {
    directory: new ConnectDirectory({ transport, deadlineMs }),
    die: stop,
    async close() {
      sessionManager.abort();
      await stop();
    },
  };
}

directoryContract('Connect in-process', inProcess);
directoryContract('Connect over HTTP/2', () => overHttp2('connect'));
directoryContract('gRPC over HTTP/2', () => overHttp2('grpc'));

describe.each([
  ['in-process', inProcess],
  ['over HTTP/2', () => overHttp2('connect')],
] as const)('a Directory Service %s', (_, make) => {
  test('R2: decides who enters, with which permissions, and for what reason not', async () => {
    const fixture = await make();
    onTestFinished(() => fixture.close());
    const { directory } = fixture;
    const permissions = create(PermissionsSchema, { subscribe: true, host: true });
    expect(await directory.authorizeJoin('lecture', 'ann')).toEqual({ allowed: true, permissions });
    expect(await directory.authorizeJoin('lecture', 'bob')).toEqual({ allowed: true });
    const refused = { allowed: false, reason: 'This room is for the team.' };
    expect(await directory.authorizeJoin('lecture', 'eve')).toEqual(refused);
    const noRoom = { allowed: false, reason: 'There is no such room.' };
    expect(await directory.authorizeJoin('nowhere', 'ann')).toEqual(noRoom);
  });

  test('R2: lets nobody in when it fails to decide', async () => {
    const fixture = await make();
    onTestFinished(() => fixture.close());
    const { directory } = fixture;
    const refusal = await refusalOf(directory.authorizeJoin(failingRoom, 'ann'));
    expect(refusal.code).toBe(ErrorCode.DIRECTORY_UNAVAILABLE);
    expect(refusal.message + refusal.reason).not.toContain(upstreamText);
  });

  test('R1: knows the names and pictures of users', async () => {
    const fixture = await make();
    onTestFinished(() => fixture.close());
    const { directory } = fixture;
    const ann = { displayName: 'Ann', avatarUrl: 'https://pictures.example/ann.png' };
    expect(await directory.getUser('ann')).toEqual(ann);
    expect(await directory.getUser('eve')).toBeUndefined();
  });
});

test('R4: a server that takes connections but says nothing is given up at the deadline', async () => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sessionManager = new Http2SessionManager(url);
  const transport = createConnectTransport({ baseUrl: url, httpVersion: '2', sessionManager });
  const directory = new ConnectDirectory({ transport, deadlineMs });

  const refusal = await refusalOf(directory.authorizeJoin('lecture', 'ann'));
  expect(refusal.message).toBe(`the Directory did not answer within ${deadlineMs} ms`);
  expect((await refusalOf(directory.getUser('ann'))).code).toBe(ErrorCode.DIRECTORY_UNAVAILABLE);

  sessionManager.abort();
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

test('R4: a Directory that comes back is asked again', async () => {
  const first = await listen(createServer(connectNodeAdapter({ routes: routes() })));
  const sessionManager = new Http2SessionManager(first.url);
  const transport = createConnectTransport({ baseUrl: first.url, httpVersion: '2', sessionManager });
  const directory = new ConnectDirectory({ transport, deadlineMs });
  await directory.getRoom('lecture');
  await first.stop();
  await refusalOf(directory.getRoom('lecture'));

  const again = createServer(connectNodeAdapter({ routes: routes() }));
  await once(again.listen(Number(new URL(first.url).port), '127.0.0.1'), 'listening');
  expect((await directory.getRoom('lecture'))?.roomId).toBe('lecture');

  sessionManager.abort();
  again.close();
  await once(again, 'close');
});
