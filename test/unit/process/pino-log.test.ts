import { expect, test } from 'vitest';
import { createLog, type LogOptions } from '../../../src/process/pino-log.ts';
import type { Log } from '../../../src/server/port/log.ts';
import { ErrorCode, SignalError } from '../../../src/shared/signal-error.ts';

async function logInto(lines: string[], options: Partial<LogOptions> = {}): Promise<Log> {
  const destination = { write: (line: string) => void lines.push(line) };
  return createLog({ level: 'debug', format: 'json', destination, ...options });
}

function parsed(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line is one JSON object with the name of the event and its fields', async () => {
  const lines: string[] = [];
  const log = await logInto(lines, { fields: { node: 'n1' } });
  log.child({ session: 's1' }).info('room.join', { room: 'daily', peers: 2, absent: undefined });
  expect(parsed(lines)).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      node: 'n1',
      session: 's1',
      room: 'daily',
      peers: 2,
      event: 'room.join',
    },
  ]);
});

test('lines below the level are not written, and debugEnabled says so', async () => {
  const lines: string[] = [];
  const log = await logInto(lines, { level: 'info' });
  log.debug('relay.offer');
  log.info('ws.connect');
  log.warn('slow');
  expect(parsed(lines).map(({ event }) => event)).toEqual(['ws.connect', 'slow']);
  expect(log.debugEnabled).toBe(false);
  expect((await logInto([])).debugEnabled).toBe(true);
});

test('X5: fields that must never have been given are cut out, also of a child', async () => {
  const lines: string[] = [];
  const log = await logInto(lines);
  const fields = {
    token: 'hunter2',
    sdp: 'hunter2',
    access_token: 'hunter2',
    authorization: 'hunter2',
    content: 'hunter2',
  };
  log.info('ws.connect', fields);
  log.child({ token: 'hunter2', sdp: 'hunter2' }).warn('x');
  log.error('x', new Error('x'), fields);
  expect(lines).toHaveLength(3);
  expect(lines.join()).not.toContain('hunter2');
  expect(parsed(lines)[0]).toMatchObject({ token: '[cut]', content: '[cut]' });
});

test('X5: a user id stands in the log as a keyed hash', async () => {
  const one = await logInto([], { hashKey: 'k'.repeat(16) });
  const same = await logInto([], { hashKey: 'k'.repeat(16) });
  const other = await logInto([]);
  expect(one.user('ada')).toMatch(/^[0-9a-f]{12}$/);
  expect(one.user('ada')).toBe(same.child({}).user('ada'));
  expect(one.user('ada')).not.toBe(one.user('bob'));
  expect(one.user('ada')).not.toBe(other.user('ada'));
});

test('an error is written with its code, its stack and its causes, and with nothing else that it carries', async () => {
  const lines: string[] = [];
  const log = await logInto(lines);
  const cause = Object.assign(new TypeError('connect refused'), {
    code: 'ECONNREFUSED',
    payload: { sub: 'hunter2' },
  });
  log.error('directory.failed', new SignalError(ErrorCode.DIRECTORY_UNAVAILABLE, 'away', { cause }), {
    room: 'daily',
  });
  log.error('odd', 'just text');
  expect(parsed(lines)).toMatchObject([
    {
      level: 'error',
      event: 'directory.failed',
      room: 'daily',
      error: {
        type: 'SignalError',
        code: 'DIRECTORY_UNAVAILABLE',
        message: 'away',
        stack: expect.stringContaining('pino-log.test.ts') as string,
        cause: { type: 'TypeError', code: 'ECONNREFUSED', message: 'connect refused' },
      },
    },
    { event: 'odd', error: { type: 'string', message: 'just text' } },
  ]);
  expect(lines.join()).not.toContain('hunter2');
});

test('pretty lines are for people', async () => {
  const lines: string[] = [];
  const log = await logInto(lines, { format: 'pretty', fields: { node: 'n1' } });
  log.info('room.join', { room: 'daily', token: 'hunter2' });
  log.error('failed', new Error('because'));
  const written = lines.join('');
  expect(written).toMatch(/INFO.*room\.join/);
  expect(written).toContain('daily');
  expect(written).toContain('because');
  expect(written).not.toContain('hunter2');
  expect(lines[0]).not.toMatch(/^\{/);
});
