import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { RoomMode } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { join, listeningApi, memoryRooms, tokenWith } from './listening-api.ts';

const createdAt = '2026-01-02T03:04:05.000Z';

test('R6: GET /api/rooms lists the living rooms', async () => {
  const roomLog = memoryRooms();
  const { list } = await listeningApi({ roomLog });
  expect(await (await list('/api/rooms')).json()).toEqual({ rooms: [], next: null });

  await join(roomLog, 'daily', 'Ann');
  await join(roomLog, 'daily', 'Bob');
  await join(roomLog, 'lecture', 'Eve', RoomMode.SFU);
  const response = await list('/api/rooms');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({
    rooms: [
      { roomId: 'daily', createdAt, mode: 'p2p', members: 2 },
      { roomId: 'lecture', createdAt, mode: 'sfu', members: 1 },
    ],
    next: null,
  });
});

test('R6: the list comes in pages, 50 rooms each or as many as asked for, each room once', async () => {
  const roomLog = memoryRooms();
  const ids = Array.from({ length: 120 }, (_, index) => `room-${String(index).padStart(3, '0')}`);
  for (const roomId of ids) await join(roomLog, roomId, 'Ann');
  const { list } = await listeningApi({ roomLog });
  const read = async (limit: string) => {
    const pages: string[][] = [];
    let after: string | null = '';
    while (after !== null) {
      const response = await list(`/api/rooms?after=${after}${limit}`);
      const page = (await response.json()) as { rooms: { roomId: string }[]; next: string | null };
      pages.push(page.rooms.map(({ roomId }) => roomId));
      after = page.next;
    }
    return pages;
  };
  const byDefault = await read('');
  expect(byDefault.map((page) => page.length)).toEqual([50, 50, 20]);
  expect(byDefault.flat()).toEqual(ids);
  const by60 = await read('&limit=60');
  expect(by60.map((page) => page.length)).toEqual([60, 60]);
  expect(by60.flat()).toEqual(ids);
  expect(await read('&limit=200')).toEqual([ids]);
});

test('R6: a room that ends while the page is made is left out of it', async () => {
  const roomLog = memoryRooms();
  await join(roomLog, 'daily', 'Ann');
  roomLog.rooms = () => Promise.resolve(['daily', 'gone']);
  const { list } = await listeningApi({ roomLog });
  const { rooms: listed } = (await (await list('/api/rooms')).json()) as { rooms: { roomId: string }[] };
  expect(listed.map(({ roomId }) => roomId)).toEqual(['daily']);
});

test.each([
  ['limit=0'],
  ['limit=201'],
  ['limit=-1'],
  ['limit=1.5'],
  ['limit=ten'],
  ['limit='],
  ['limit=1&limit=2'],
  ['after=a%20b'],
  [`after=${'x'.repeat(129)}`],
  ['after=a&after=b'],
])('R6: the page %s is INVALID_ARGUMENT', async (query) => {
  const { list } = await listeningApi();
  const response = await list(`/api/rooms?${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT', retryable: false } });
});

test('R6: GET /api/rooms/:roomId tells what a room is and who is in it', async () => {
  const roomLog = memoryRooms();
  const ann = await join(roomLog, 'daily', 'Ann');
  const bob = await join(roomLog, 'daily', 'Bob');
  const { list } = await listeningApi({ roomLog });
  const response = await list('/api/rooms/daily');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    roomId: 'daily',
    createdAt,
    mode: 'p2p',
    members: 2,
    metadata: { title: 'Room daily' },
    peers: [
      { peerId: ann, displayName: 'Ann' },
      { peerId: bob, displayName: 'Bob' },
    ],
  });
});

test('R6: every room id that there can be is found by its path', async () => {
  const roomLog = memoryRooms();
  const { list } = await listeningApi({ roomLog });
  for (const roomId of ['x'.repeat(128), 'a~b.c_d-e', '...', '~'.repeat(128)]) {
    await join(roomLog, roomId, 'Ann');
    const response = await list(`/api/rooms/${roomId.replaceAll('~', '%7E')}`);
    expect(await response.json()).toMatchObject({ roomId });
  }
});

test('R6: a room that does not live is ROOM_NOT_FOUND, and what is no id INVALID_ARGUMENT', async () => {
  const { list } = await listeningApi();
  const unknown = await list('/api/rooms/nowhere');
  expect(unknown.status).toBe(404);
  const error = { code: 'ROOM_NOT_FOUND', message: 'there is no such room', retryable: false };
  expect(await unknown.json()).toEqual({ error });
  for (const path of ['a%20b', 'x'.repeat(129), 'x'.repeat(2_000), '%00', 'a%2Fb']) {
    const response = await list(`/api/rooms/${path}`);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
  }
});

test.each([['/api/rooms'], ['/api/rooms/daily'], ['/api/rooms?limit=0']])(
  'R6: %s is not for strangers',
  async (path) => {
    const roomLog = memoryRooms();
    await join(roomLog, 'daily', 'Ann');
    const { url } = await listeningApi({ roomLog });
    const ask = async (headers: Record<string, string>) => {
      const response = await fetch(url + path, { headers });
      const { error } = (await response.json()) as { error: { code: string } };
      return [response.status, error.code, response.headers.get('www-authenticate')];
    };
    const bearer = async (token: Promise<string>) => ({ authorization: `Bearer ${await token}` });
    expect(await ask({})).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
    expect(await ask({ authorization: 'Basic YTpi' })).toEqual([401, 'UNAUTHENTICATED', 'Bearer']);
    expect(await ask({ authorization: 'Bearer nonsense' })).toEqual([401, 'TOKEN_INVALID', 'Bearer']);
    expect(await ask({ cookie: 'access_token=nonsense' })).toEqual([401, 'TOKEN_INVALID', 'Bearer']);
    expect(await ask(await bearer(tokenWith(['list'], -60)))).toEqual([401, 'TOKEN_EXPIRED', 'Bearer']);
    expect(await ask(await bearer(tokenWith(['join', 'service'])))).toEqual([403, 'PERMISSION_DENIED', null]);
  },
);

test('R6: scope list or operate lets in, by Bearer header or by cookie', async () => {
  const { url } = await listeningApi();
  for (const scope of ['list', 'operate'] as const) {
    const token = await tokenWith([scope]);
    for (const headers of [
      { authorization: `Bearer ${token}` },
      { authorization: `bearer ${token}` },
      { cookie: `theme=dark; access_token=${token}` },
    ]) {
      expect((await fetch(`${url}/api/rooms`, { headers })).status).toBe(200);
    }
  }
});

test('R6: a store that is away is a retryable UNAVAILABLE', async () => {
  const away = () =>
    Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'the store is away', { cause: 'secret' }));
  const roomLog = memoryRooms();
  roomLog.rooms = away;
  roomLog.state = away;
  const { list, errors } = await listeningApi({ roomLog });
  for (const path of ['/api/rooms', '/api/rooms/daily']) {
    const response = await list(path);
    expect(response.status).toBe(503);
    const error = { code: 'UNAVAILABLE', message: 'the store is away', retryable: true };
    expect(await response.json()).toEqual({ error });
  }
  expect(errors).toEqual([]);
});

test('X1: what fails inside is INTERNAL without its text, and logged under the id that the client gets', async () => {
  const failure = new Error(`password of ${randomUUID()}`);
  const roomLog = memoryRooms();
  roomLog.rooms = () => Promise.reject(failure);
  const { list, errors } = await listeningApi({ roomLog });
  const response = await list('/api/rooms');
  expect(response.status).toBe(500);
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  expect(error).toMatchObject({ code: 'INTERNAL', message: 'the server failed', retryable: false });
  expect(errors).toMatchObject([{ event: 'http.failed', fields: { correlationId: error['correlationId'] } }]);
  expect((errors[0]?.error as Error).cause).toBe(failure);
});
