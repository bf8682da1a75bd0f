import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { TokenIssuer } from '../../../src/process/token-issuer.ts';
import { PersonalData } from '../../reporter/personal-data.ts';

const token = await new TokenIssuer({ secret: 'a secret of the tests, long enough' }).sessionToken({
  userId: 'zoe',
  expiresInS: 60,
});
const personal = new PersonalData([
  { kind: 'token', value: token },
  { kind: 'user id', value: 'zoe' },
  { kind: 'user id', value: 'yan@example.test' },
]);

function line(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ level: 'info', time: '2026-11-21T17:56:00.000Z', event: 'room.join', ...fields });
}

/** A session secret as the server makes them; one in a million has no digit or no capital. */
const secret = `${randomBytes(24).toString('base64url').slice(0, 29)}aB1`;

test.for([
  ['token', { reason: `refused: ${token}` }],
  ['token', { reason: token.split('.')[1] }],
  ['token', { reason: `"${token.split('.')[2]}"` }],
  ['token', { reason: 'eyJhbGciOiJub25lIn0.e30.' }],
  ['SDP', { error: { message: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1' } }],
  ['SDP', { reason: 'a=ice-ufrag:x' }],
  ['candidate', { reason: 'candidate:1 1 udp 1 192.0.2.7 9 typ host' }],
  ['secret', { session: secret }],
  ['user id', { user: 'zoe' }],
  ['user id', { reason: 'user:zoe, twice' }],
  ['user id', { reason: "'yan@example.test'" }],
  ['user id', { zoe: 1 }],
  ['user id', { user: 'ada-lovelace-0f1e2d3c' }],
] as const)('X5: a %s in a line of the log is found', ([kind, fields]) => {
  expect(personal.in(line(fields)).map((leak) => leak.kind)).toContain(kind);
});

test('X5: a finding names the event and the field, and nothing of the datum', () => {
  expect(personal.in(line({ error: { stack: 'Error: no zoe here' } }))).toEqual([
    { kind: 'user id', event: 'room.join', field: 'error.stack' },
  ]);
  expect(personal.in('parley: zoe is here')).toEqual([{ kind: 'user id', event: '', field: '' }]);
});

test('X5: what the server does log is no finding', () => {
  const usual = {
    connection: randomUUID(),
    session: randomUUID(),
    node: 'node-0f1e2d3c',
    user: 'cc0ffee00123',
    correlationId: 'Zoe_x1-2.a9',
    reason: 'a relay frame needs an id other than 0',
    kind: 'candidate',
    client: 'parley-js/0.1.0',
    error: {
      stack: 'Error: x\n    at RoomFeature.#join (/srv/src/server/feature/room/room-feature.ts:101:7)',
    },
  };
  expect(personal.in(line(usual))).toEqual([]);
});
