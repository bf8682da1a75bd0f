import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClientFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { MAX_FRAME_BYTES: '300000' } });
});
afterAll(() => server.close());

const frame = (id: number, body: object) =>
  toBinary(
    ClientFrameSchema,
    create(ClientFrameSchema, { id, body } as Parameters<typeof create<typeof ClientFrameSchema>>[1]),
  );

test('X1: a frame over the limit, a truncated, an unknown and an empty one each get their typed error; others go on', async () => {
  const bystander = await RawClient.signIn(server.wsUrl, await server.token('bob'));
  await bystander.join('x1', randomUUID());
  const client = await RawClient.signIn(server.wsUrl, await server.token('mallory'));
  await client.join('x1', randomUUID());
  const whole = frame(0, { case: 'joinRoom', value: { roomId: 'x1', peerId: randomUUID() } });
  const cases: [Uint8Array, ErrorCode][] = [
    [new Uint8Array(300_001), ErrorCode.FRAME_TOO_LARGE],
    [whole.subarray(0, whole.length - 3), ErrorCode.MALFORMED_FRAME],
    [Uint8Array.of(0xfa, 0x3f, 0x00), ErrorCode.UNKNOWN_FRAME],
    [new Uint8Array(0), ErrorCode.UNKNOWN_FRAME],
    [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff), ErrorCode.MALFORMED_FRAME],
  ];
  const errors = () =>
    client.frames.flatMap(({ frame: { case: kind, value } }) =>
      kind === 'control' && value.body.case === 'error' ? [value.body.value] : [],
    );
  for (const [bytes] of cases) client.sendRaw(bytes);
  await expect.poll(() => errors().length).toBe(cases.length);
  expect(errors().map(({ code }) => code)).toEqual(cases.map(([, code]) => code));
  expect(errors()[0]?.message).toBe('frame is 300001 bytes, the limit is 300000');
  await client.settle();
  await bystander.settle();
  client.close();
  bystander.close();
});

test('X1: each field is held to its own limit, and the error is the reply to the request', async () => {
  const client = await RawClient.signIn(server.wsUrl, await server.token('mallory'));
  await client.join('x1-fields', randomUUID());
  const to = randomUUID();
  const relay = (body: object) => ({ case: 'relay', value: { roomId: 'x1-fields', to, body } });
  const cases: [object, string][] = [
    [
      relay({ kind: { case: 'offer', value: { sdp: 'x'.repeat(262_145) } } }),
      'sdp is 262145 bytes, the limit is 262144',
    ],
    [
      relay({ kind: { case: 'candidates', value: { candidates: [{ candidate: 'x'.repeat(4_097) }] } } }),
      '4096',
    ],
    [
      relay({ kind: { case: 'candidates', value: { candidates: Array.from({ length: 65 }, () => ({})) } } }),
      '64',
    ],
    [{ case: 'relay', value: { roomId: 'x1 fields', to, body: {} } }, 'room_id'],
    [{ case: 'joinRoom', value: { roomId: 'r', attributes: { key: 'x'.repeat(16_384) } } }, '16384'],
  ];
  for (const [body, words] of cases) {
    const { result } = await client.request(body as Parameters<RawClient['request']>[0]);
    expect(result.case === 'error' && result.value, words).toMatchObject({
      code: ErrorCode.INVALID_ARGUMENT,
      message: expect.stringContaining(words) as string,
      retryable: false,
    });
  }
  client.close();
});

test('X1: past a threshold of broken frames the connection is closed, and only that one', async () => {
  const [bad, good] = [
    await RawClient.signIn(server.wsUrl, await server.token('mallory')),
    await RawClient.signIn(server.wsUrl, await server.token('alice')),
  ];
  const to = randomUUID();
  await good.join('threshold', to);
  await bad.join('threshold', randomUUID());
  for (let times = 0; times < 40; times++) bad.sendRaw(Uint8Array.of(0x07));
  // It comes with what the server closed the connection for, and is not heard any more.
  const body = { kind: { case: 'offer', value: { sdp: 'v=0' } } } as const;
  bad.send({ id: bad.takeId(), body: { case: 'relay', value: { roomId: 'threshold', to, body } } });
  expect((await bad.closed).code).toBe(4305);
  await good.settle();
  expect(good.events('relay')).toEqual([]);
  good.close();
});

test('X1: far over the limit the socket is closed with 1009 before the frame is buffered', async () => {
  const client = await RawClient.signIn(server.wsUrl, await server.token('mallory'));
  client.sendRaw(new Uint8Array(700_000));
  expect((await client.closed).code).toBe(1009);
});

test('a frame whose feature is not there is answered UNIMPLEMENTED', async () => {
  const client = await RawClient.signIn(server.wsUrl, await server.token('alice'));
  const { result } = await client.request({ case: 'startCall', value: { userId: 'bob', kind: 1 } });
  expect(result.case === 'error' && result.value.code).toBe(ErrorCode.UNIMPLEMENTED);
  client.close();
});

test('request ids must rise, a second Hello is refused, and a frame of the wrong form is', async () => {
  const client = await RawClient.signIn(server.wsUrl, await server.token('alice'));
  client.send({ id: 7, body: { case: 'heartbeat', value: {} } });
  client.send({ id: 7, body: { case: 'heartbeat', value: {} } });
  client.send({ id: 8, body: { case: 'hello', value: { token: 'again' } } });
  client.sendRaw('text');
  await expect.poll(() => client.frames.length).toBeGreaterThanOrEqual(5);
  const outcomes = client.frames.flatMap(({ frame: { case: kind, value } }) =>
    kind === 'reply'
      ? [
          `${value.replyTo} ${value.result.case === 'error' ? value.result.value.code : String(value.result.case)}`,
        ]
      : [],
  );
  expect([...outcomes].sort()).toEqual([
    `7 ${ErrorCode.INVALID_ARGUMENT}`,
    '7 heartbeat',
    `8 ${ErrorCode.INVALID_ARGUMENT}`,
  ]);
  expect((await client.control('error')).body.value.code).toBe(ErrorCode.MALFORMED_FRAME);
  client.close();
});

test('a request under an id that was used has no effect, also where a broken frame used it', async () => {
  const client = await RawClient.signIn(server.wsUrl, await server.token('alice'));
  client.send({ id: 7, body: { case: 'heartbeat', value: {} } });
  client.send({ id: 7, body: { case: 'signOut', value: {} } });
  client.send({ id: 8, body: { case: 'leaveRoom', value: { roomId: 'no room id' } } });
  client.send({ id: 8, body: { case: 'signOut', value: {} } });
  for (const id of [9, 10]) {
    client.send({ id, body: { case: 'heartbeat', value: {} } });
    expect((await client.reply(id)).result.case).toBe('heartbeat');
  }
  const replies = client.frames.flatMap(({ frame }) => (frame.case === 'reply' ? [frame.value.replyTo] : []));
  expect(replies.sort((one, other) => one - other)).toEqual([7, 7, 8, 8, 9, 10]);
  client.close();
});

test('L2: the same frames as JSON, beside clients that speak protobuf', async () => {
  const json = await RawClient.signIn(server.wsUrl, await server.token('jason'), {
    subprotocol: 'parley.v1.json',
  });
  const proto = await RawClient.signIn(server.wsUrl, await server.token('alice'));
  const [peerJ, peerP] = [randomUUID(), randomUUID()];
  await json.join('l2', peerJ);
  await proto.join('l2', peerP);
  expect((await json.event('peerJoined')).body.value.peer?.peerId).toBe(peerP);
  await json.request({
    case: 'relay',
    value: { roomId: 'l2', to: peerP, body: { kind: { case: 'offer', value: { sdp: 'v=0 json' } } } },
  });
  await proto.request({
    case: 'relay',
    value: { roomId: 'l2', to: peerJ, body: { kind: { case: 'answer', value: { sdp: 'v=0 proto' } } } },
  });
  expect((await proto.event('relay')).body.value).toMatchObject({
    from: peerJ,
    body: { kind: { value: { sdp: 'v=0 json' } } },
  });
  expect((await json.event('relay')).body.value).toMatchObject({
    from: peerP,
    body: { kind: { value: { sdp: 'v=0 proto' } } },
  });
  json.sendRaw('{"id": 40, "joinRoom": {"roomId": 7}}');
  const { result } = await json.reply(40);
  expect(result.case === 'error' && result.value.code).toBe(ErrorCode.MALFORMED_FRAME);
  json.sendRaw('{"id": 41, "heartbeat": {}, "fromTheFuture": true}');
  expect((await json.reply(41)).result.case).toBe('heartbeat');
  json.sendRaw('not json');
  expect((await json.control('error')).body.value.code).toBe(ErrorCode.MALFORMED_FRAME);
  json.close();
  proto.close();
});
