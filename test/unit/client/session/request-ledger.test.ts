import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ClientFrameSchema, ReplySchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import type { RequestOptions, RequestResult } from '../../../../src/client/session/request.ts';
import { RequestLedger } from '../../../../src/client/session/request-ledger.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

const timeoutMs = 15_000;

/** A ledger, its wire, and what was sent: `[id, room]` of each leave. */
function start() {
  const clock = new FakeClock();
  const ledger = new RequestLedger(timeoutMs, clock);
  const sent: [number, string][] = [];
  const wire = {
    maxFrameBytes: 0,
    maxUnanswered: 0,
    send: (bytes: Uint8Array) => {
      const { id, body } = fromBinary(ClientFrameSchema, bytes);
      sent.push([id, body.case === 'leaveRoom' ? body.value.roomId : (body.case ?? '')]);
    },
  };
  const leave = (roomId: string, options: RequestOptions = {}): Promise<RequestResult> => {
    const promise = ledger.request({ case: 'leaveRoom', value: { roomId } }, options);
    // Those that a test does not look at may reject.
    promise.catch(() => {});
    return promise;
  };
  const settle = (reply: MessageInitShape<typeof ReplySchema>) => ledger.settle(create(ReplySchema, reply));
  const refuse = (replyTo: number, code: ErrorCode) =>
    settle({ replyTo, result: { case: 'error', value: { code } } });
  return { clock, ledger, wire, sent, leave, settle, refuse };
}

test('requests wait for a connection, get rising ids from 1, and are settled by their replies', async () => {
  const { ledger, wire, sent, leave, settle, refuse } = start();
  const [a, b] = [leave('a'), leave('b')];
  expect(sent).toEqual([]);
  ledger.begin(wire);
  expect(sent).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
  refuse(2, ErrorCode.NOT_IN_ROOM);
  settle({ replyTo: 1, result: { case: 'room', value: { roomId: 'a' } } });
  await expect(a).resolves.toMatchObject({ case: 'room', value: { roomId: 'a' } });
  await expect(b).rejects.toMatchObject({ code: ErrorCode.NOT_IN_ROOM });
});

test('what is acknowledged through an id settles all up to it that had no reply of their own', async () => {
  const { ledger, wire, leave, settle, refuse } = start();
  ledger.begin(wire);
  const [a, b, c, d] = [leave('a'), leave('b'), leave('c'), leave('d')];
  refuse(2, ErrorCode.PERMISSION_DENIED);
  settle({ replyTo: 4, ackedThrough: 1, result: { case: 'room', value: {} } });
  await expect(a).resolves.toEqual({ case: undefined });
  await expect(b).rejects.toMatchObject({ code: ErrorCode.PERMISSION_DENIED });
  await expect(d).resolves.toMatchObject({ case: 'room' });
  ledger.acknowledge(3);
  await expect(c).resolves.toEqual({ case: undefined });
});

test('S5: after a resume the unanswered are sent again, in order, with the same ids, before those that waited', async () => {
  const { ledger, wire, sent, leave } = start();
  ledger.begin(wire);
  const [a, b] = [leave('a'), leave('b'), leave('c')];
  ledger.acknowledge(1);
  await a;
  ledger.disconnected();
  void leave('d');
  sent.length = 0;
  ledger.resume(wire);
  expect(sent).toEqual([
    [2, 'b'],
    [3, 'c'],
    [4, 'd'],
  ]);
  ledger.acknowledge(2);
  await b;
});

test('S5: with the session, what was sent has an unknown outcome; what waited goes to the next, from id 1', async () => {
  const { ledger, wire, sent, leave } = start();
  ledger.begin(wire);
  const a = leave('a');
  const b = leave('b', { outlives: 'client' });
  ledger.disconnected();
  void leave('c');
  sent.length = 0;
  ledger.begin(wire);
  await expect(a).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN });
  expect(sent).toEqual([
    [1, 'b'],
    [2, 'c'],
  ]);
  ledger.acknowledge(1);
  await b;
});

test('no more than 64 are unanswered, no two of them are 64 ids apart, and the last 8 places are for urgent ones', () => {
  const { ledger, wire, sent, leave, settle } = start();
  ledger.begin(wire);
  for (let count = 1; count <= 70; count += 1) void leave(`room-${count}`);
  expect(sent).toHaveLength(56);
  for (let id = 2; id <= 40; id += 1) settle({ replyTo: id });
  expect(sent).toHaveLength(56);
  for (let count = 1; count <= 9; count += 1) void leave('urgent', { urgent: true });
  expect(sent.slice(56)).toEqual(Array.from({ length: 8 }, (_, index) => [57 + index, 'urgent']));
  settle({ replyTo: 1 });
  expect(sent.map(([id]) => id)).toEqual(Array.from({ length: 79 }, (_, index) => index + 1));
});

test('S4: an answer is due since the oldest was sent, or sent again, that is unanswered and waited for', async () => {
  const { clock, ledger, wire, leave } = start();
  expect(ledger.owedSinceMs).toBeUndefined();
  void leave('a');
  expect(ledger.owedSinceMs).toBeUndefined();
  ledger.begin(wire);
  const beginMs = clock.monotonicMs();
  await clock.advance(10_000);
  void leave('b');
  expect(ledger.owedSinceMs).toBe(beginMs);
  // Nobody waits for the first any more.
  await clock.advance(5_000);
  expect(ledger.owedSinceMs).toBe(beginMs + 10_000);
  ledger.disconnected();
  await clock.advance(1_000);
  ledger.resume(wire);
  expect(ledger.owedSinceMs).toBe(beginMs + 16_000);
  ledger.acknowledge(2);
  expect(ledger.owedSinceMs).toBeUndefined();
});

test('the bound of the welcome holds where it is lower', () => {
  const { ledger, wire, sent, leave } = start();
  ledger.begin({ ...wire, maxUnanswered: 2 });
  for (const room of ['a', 'b', 'c']) void leave(room);
  expect(sent).toHaveLength(2);
  ledger.disconnected();
  ledger.resume({ ...wire, maxUnanswered: 16 });
  for (let count = 1; count <= 20; count += 1) void leave('later');
  expect(sent).toHaveLength(2 + 14);
  for (let count = 1; count <= 3; count += 1) void leave('urgent', { urgent: true });
  expect(sent).toHaveLength(2 + 16);
});

test('an urgent request goes before those that wait', () => {
  const { ledger, wire, sent, leave } = start();
  void leave('a');
  void leave('b', { urgent: true });
  ledger.begin(wire);
  expect(sent.map(([, room]) => room)).toEqual(['b', 'a']);
});

test('a request without an answer rejects after its deadline, and is not sent again', async () => {
  const { clock, ledger, wire, sent, leave } = start();
  ledger.begin(wire);
  const late: unknown[] = [];
  const a = leave('a', { onLate: (result) => late.push(result.case) });
  const waits = leave('b', { room: 'held' });
  ledger.hold('held');
  await clock.advance(timeoutMs);
  await expect(a).rejects.toMatchObject({ code: ErrorCode.DEADLINE_EXCEEDED });
  await expect(waits).rejects.toMatchObject({ code: ErrorCode.DEADLINE_EXCEEDED });
  ledger.acknowledge(1);
  expect(late).toEqual([undefined]);
  void leave('c');
  ledger.disconnected();
  sent.length = 0;
  ledger.resume(wire);
  expect(sent.map(([, room]) => room)).toEqual(['c']);
});

test('P3: what was overtaken rejects, so that nothing is asked behind what its caller asked later', async () => {
  const { ledger, wire, sent, leave, refuse } = start();
  ledger.begin(wire);
  const [a, b] = [leave('a'), leave('b')];
  refuse(1, ErrorCode.NOT_APPLIED);
  await expect(a).rejects.toMatchObject({ code: ErrorCode.NOT_APPLIED, retryable: true });
  ledger.acknowledge(2);
  await b;
  expect(sent).toEqual([
    [1, 'a'],
    [2, 'b'],
  ]);
});

test('dropped requests reject, and make place for others', async () => {
  const { ledger, wire, sent, leave } = start();
  ledger.begin({ ...wire, maxUnanswered: 2 });
  const [a, b] = [leave('a'), leave('b')];
  void leave('c');
  ledger.drop([1, 2], new SignalError(ErrorCode.RATE_LIMITED, 'too many'));
  await expect(a).rejects.toMatchObject({ code: ErrorCode.RATE_LIMITED });
  await expect(b).rejects.toMatchObject({ code: ErrorCode.RATE_LIMITED });
  expect(sent).toHaveLength(3);
});

test("a held room's requests wait; released with an error, they reject", async () => {
  const { ledger, wire, sent, leave } = start();
  ledger.begin(wire);
  ledger.hold('a');
  ledger.hold('b');
  const a = leave('a', { room: 'a' });
  void leave('b', { room: 'b' });
  void leave('c', { room: 'c' });
  ledger.release('a', new SignalError(ErrorCode.NOT_IN_ROOM, 'out'));
  await expect(a).rejects.toMatchObject({ code: ErrorCode.NOT_IN_ROOM });
  ledger.release('b');
  expect(sent.map(([, room]) => room)).toEqual(['c', 'b']);
});

test('what belongs to a connection ends with it', async () => {
  const { ledger, wire, sent, leave } = start();
  ledger.begin(wire);
  const a = leave('a', { outlives: 'connection' });
  ledger.disconnected();
  await expect(a).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  ledger.resume(wire);
  expect(sent).toHaveLength(1);
});

test('a frame over the limit, or of a wrong shape, is refused here, and takes no id', async () => {
  const { ledger, wire, sent, leave } = start();
  ledger.begin({ ...wire, maxFrameBytes: 32 });
  await expect(leave('a'.repeat(40))).rejects.toMatchObject({
    code: ErrorCode.FRAME_TOO_LARGE,
    message: 'frame is 47 bytes, the limit is 32',
  });
  const wrong = ledger.request({ case: 'replay', value: { after: { epoch: -1 } } });
  await expect(wrong).rejects.toMatchObject({ code: ErrorCode.INVALID_ARGUMENT });
  void leave('b');
  expect(sent).toEqual([[1, 'b']]);
});

test('the end rejects all, and leaves no timer', async () => {
  const { clock, ledger, wire, leave } = start();
  ledger.begin({ ...wire, maxUnanswered: 1 });
  const [a, b] = [leave('a'), leave('b')];
  ledger.end(new SignalError(ErrorCode.UNAVAILABLE, 'closed'));
  await expect(a).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN });
  await expect(b).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  expect(clock.pending).toBe(0);
});
