import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { HeartbeatSchema, RefreshTokenSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import type { Identity, TokenVerifier } from '../../../../src/server/port/token-verifier.ts';
import { Connection } from '../../../../src/server/socket/connection.ts';
import { SignInLine } from '../../../../src/server/socket/sign-in-line.ts';
import { UserSeats } from '../../../../src/server/socket/user-seats.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { quietLog } from '../../quiet-log.ts';
import { uncounted } from '../../uncounted.ts';
import { ecPair, signed } from '../adapter/jose/signing-keys.ts';
import { usualVerifier } from '../adapter/jose/usual-verifier.ts';
import { adas, expiringSessions, frameOf, ToldWire } from './expiring-sessions.ts';

const refreshing = (token: string) => ({
  case: 'refreshToken' as const,
  value: create(RefreshTokenSchema, { token }),
});

/** Keys that are slow to come, as those of a key set may be: each token is verified when the test says so. */
function slowKeys() {
  const waiting = new Map<string, (identity: Identity) => void>();
  const verifier: TokenVerifier = {
    verify: (token) => new Promise((resolve) => waiting.set(token, resolve)),
    verifyJoinToken: () => Promise.reject(new Error('not asked for')),
  };
  const verified = async (token: string, identity: Identity) => {
    waiting.get(token)?.(identity);
    await new Promise(setImmediate);
  };
  return { verifier, verified };
}

test('S2: of two refreshes that cross, the one that was sent last holds', async () => {
  const { verifier, verified } = slowKeys();
  const { clock, signIn, send } = expiringSessions(verifier);
  const { session, told } = await signIn(adas(clock.now() + 10_000));
  const [soon, late] = [clock.now() + 20_000, clock.now() + 90_000];
  send(session, 1, refreshing('first'));
  send(session, 2, refreshing('second'));
  await verified('second', adas(late));
  await verified('first', adas(soon));
  expect(told).toEqual(['welcome', `2 tokenRefreshed ${late}`, `1 tokenRefreshed ${late}`]);
  expect(clock.pending).toBe(1);
  await clock.advance(89_999);
  expect(told.at(-1)).toBe('tokenExpiring');
  await clock.advance(1);
  expect(told.at(-1)).toBe('close 4101');
});

test('S2: a refresh while the keys are out of reach is refused for now, and the token before holds on', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const verifier = usualVerifier({ kind: 'jwks', url: `http://127.0.0.1:${port}/keys` });
  const { clock, signIn, send } = expiringSessions(verifier);
  const { session, told } = await signIn(adas(clock.now() + 10_000));
  send(session, 1, refreshing(await signed(ecPair().privateKey, 'ES256', { sub: 'ada' })));
  await expect.poll(() => told).toEqual(['welcome', `1 error ${ErrorCode.UNAVAILABLE}`]);
  await clock.advance(10_000);
  expect(told.slice(2)).toEqual(['tokenExpiring', 'close 4101']);
});

test.each(['kicked', 'replaced'] as const)(
  'S2: a session that was %s while its new token was verified gets nothing by it',
  async (why) => {
    const { verifier, verified } = slowKeys();
    const { clock, store, sessions, signIn, send } = expiringSessions(verifier);
    const { session, told } = await signIn(adas(clock.now() + 10_000));
    send(session, 1, refreshing('new'));
    // The notice of it is on its way from another node: here it never comes.
    await store.end(session, session.gen, why);
    await verified('new', adas(clock.now() + 90_000));
    // Not answered: coming back tells the client what became of the session.
    expect(told).toEqual(['welcome', 'close 4003']);
    expect(session.identity.expiresAtMs).toBe(clock.now() + 10_000);
    await clock.advance(10_000);
    expect(told.slice(2)).toEqual(['tokenExpiring', 'close 4101']);
    sessions.stop();
  },
);

test('S2: an ended session whose node knows of it has no timer left, and its refresh starts none', async () => {
  const { verifier, verified } = slowKeys();
  const { clock, store, sessions, signIn, send } = expiringSessions(verifier);
  sessions.start();
  const { session, told } = await signIn(adas(clock.now() + 10_000));
  send(session, 1, refreshing('new'));
  await store.end(session, session.gen, 'kicked');
  expect(told).toEqual(['welcome', 'close 4303']);
  await verified('new', adas(clock.now() + 90_000));
  expect(clock.pending).toBe(0);
});

test('S2: a connection that does not heed the close has no effect after its token expired, and no longer window', async () => {
  const { verifier, verified } = slowKeys();
  const { clock, store, sessions, dispatcher } = expiringSessions(verifier);
  const wire = new ToldWire();
  const connection = new Connection({
    wire,
    clock,
    id: 'connection',
    place: { signedIn: () => undefined, leave: () => undefined },
    seats: new UserSeats(10),
    line: new SignInLine({ atOnce: 1, waiting: 10, clock }),
    verifier,
    sessions,
    dispatcher,
    log: quietLog,
    metrics: uncounted,
    signInTimeoutMs: 5_000,
    maxFrameBytes: 1_000_000,
    token: 'first',
    awaitHello: false,
  });
  connection.open();
  await verified('first', adas(clock.now() + 10_000));
  const beat = (id: number) =>
    connection.receive(frameOf(id, { case: 'heartbeat', value: create(HeartbeatSchema) }));
  beat(1);
  await clock.advance(0);
  await clock.advance(10_000);
  const told = ['welcome', '1 heartbeat', 'tokenExpiring', 'close 4101'];
  expect(wire.told).toEqual(told);
  beat(2);
  await clock.advance(4_000);
  connection.closed(4101);
  await clock.advance(1_000);
  expect(wire.told).toEqual(told);
  expect(await store.due('a', 1)).toMatchObject([{ userId: 'ada', gen: 1 }]);
});
