import { expect, test } from 'vitest';
import { CloseCode, ErrorCode, type LeaveReason } from '../../../src/client/index.ts';
import { FakeClock } from '../../contract/fake-clock.ts';
import { nextRoomEvent, startInRoom } from './room/scripted-room.ts';
import { nextEvent } from './scripted-client.ts';

/** Why a session ends, as the server says it before and with the close, and as a room's application hears it. */
const ends = [
  ['replaced by a newer session', CloseCode.REPLACED_BY_NEW_SESSION, 'SESSION_REPLACED', 'replaced'],
  ['replaced by another connection', CloseCode.REPLACED_BY_SAME_SESSION, 'STALE_SESSION', 'replaced'],
  ['kicked', CloseCode.KICKED, 'KICKED', 'kicked'],
  ['signed out', CloseCode.SIGNED_OUT, 'SIGNED_OUT', 'left'],
] as const satisfies readonly [string, number, keyof typeof ErrorCode, LeaveReason][];

/** A client in a room, whose timers a test can see: one that comes back has one. */
async function start() {
  const clock = new FakeClock();
  const started = await startInRoom({ clock });
  const closed = nextEvent(started.client, 'closed');
  const left = nextRoomEvent(started.room, 'left');
  return { ...started, clock, closed, left };
}

test.each(ends)('S3: a live client that is %s ends', async (_, close, code, reason) => {
  const { clock, connection, closed, left } = await start();
  connection.close(close);
  const error = { code: ErrorCode[code] };
  expect(await left).toMatchObject({ reason, error });
  expect(await closed).toMatchObject({ code: close, error });
  expect(clock.pending).toBe(0);
});

test.each(ends)(
  'S3: a client that comes back, and was %s meanwhile, ends',
  async (_, close, code, reason) => {
    const { server, client, clock, connection, closed, left } = await start();
    const lost = nextEvent(client, 'state');
    connection.terminate();
    await lost;
    client.hintReconnect();
    const again = await server.connection();
    await again.expect('hello');
    again.control({ case: 'error', value: { code: ErrorCode[code], message: 'ended' } });
    again.close(close);
    const error = { code: ErrorCode[code], message: 'ended' };
    expect(await left).toMatchObject({ reason, error });
    expect(await closed).toMatchObject({ error });
    expect(clock.pending).toBe(0);
  },
);

test.each(ends)(
  'S3: a client that is %s ends, also when the close is lost',
  async (_, _close, code, reason) => {
    const { clock, client, connection, closed, left } = await start();
    const told = nextEvent(client, 'error');
    connection.control({ case: 'error', value: { code: ErrorCode[code], message: 'ended' } });
    await told;
    connection.terminate();
    expect(await left).toMatchObject({ reason });
    expect(await closed).toMatchObject({ code: 1006, error: { code: ErrorCode[code] } });
    expect(clock.pending).toBe(0);
  },
);

test('S2: a close that ends the session counts for more than what was said before it about something else', async () => {
  const { connection, left } = await start();
  connection.control({ case: 'error', value: { code: ErrorCode.RATE_LIMITED, message: 'too fast' } });
  connection.close(CloseCode.KICKED);
  expect(await left).toMatchObject({ reason: 'kicked', error: { code: ErrorCode.KICKED } });
});
