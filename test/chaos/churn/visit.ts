import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Welcome } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Random } from '../../seeded-run/random.ts';
import { FrameClient } from '../clients/frame-client.ts';

/** Where a visit ends. All but the last three end without a word. */
export const visitEnds = [
  'handshake',
  'upgraded',
  'signing_in',
  'welcomed',
  'joining',
  'joined',
  'leaving',
  'signing_out',
  'left',
  'signed_out',
  'closed',
] as const;
export type VisitEnd = (typeof visitEnds)[number];

export interface VisitOptions {
  /** Where the next connection goes. */
  readonly url: () => string;
  /** The address of loopback to come from. */
  readonly from: string;
  readonly token: string;
  readonly rooms: readonly [string, ...string[]];
  readonly random: Random;
  readonly end: VisitEnd;
  /** Called as a join is asked for. */
  readonly onJoin: () => void;
  /** Called when a client came back, within its window or too late. */
  readonly onResume: (resumed: boolean) => void;
}

const mostRounds = 4;
const resumeShare = 0.25;
/** How long what is under way may go on before the connection goes. */
const maxUnderwayMs = 4;
/** How long a client that comes back stays away: well within its window. */
const maxAwayMs = 100;

/** One client: comes, joins and leaves some rooms, may lose its connection and come back, and goes at its end. */
export async function visit(options: VisitOptions): Promise<void> {
  const { end, random } = options;
  if (end === 'handshake') return breakHandshake(options);
  let client = await open(options);
  try {
    if (end === 'upgraded') return;
    const signedIn = client.hello({ token: options.token });
    if (end === 'signing_in') {
      await underway(random, signedIn);
      return;
    }
    const welcome = await signedIn;
    if (end === 'welcomed') return;
    for (let round = random.int(0, mostRounds - 1); round > 0; round--) {
      const roomId = random.pick(options.rooms);
      await join(client, roomId, options);
      if (random.chance(resumeShare)) client = await comeBack(client, welcome, options);
      await leave(client, roomId);
    }
    await goAt(client, options);
  } finally {
    client.drop(random.chance(0.5) ? 'reset' : 'end');
  }
}

/** The last room, and the end that was drawn; the connection is dropped by the caller. */
async function goAt(client: FrameClient, options: VisitOptions): Promise<void> {
  const { end, random } = options;
  const roomId = random.pick(options.rooms);
  const joined = join(client, roomId, options);
  if (end === 'joining') return underway(random, joined);
  await joined;
  if (end === 'joined') return;
  if (end === 'closed') return client.close();
  if (end === 'left' || end === 'leaving') {
    const left = leave(client, roomId);
    await (end === 'left' ? left : underway(random, left));
    return;
  }
  const signedOut = client.request({ case: 'signOut', value: {} });
  if (end === 'signed_out') await signedOut;
  else await underway(random, signedOut);
}

function open({ url, from }: VisitOptions, firstId?: number): Promise<FrameClient> {
  return FrameClient.open({ url: url(), from }, firstId);
}

async function join(client: FrameClient, roomId: string, { onJoin }: VisitOptions): Promise<void> {
  onJoin();
  await client.request({ case: 'joinRoom', value: { roomId, peerId: randomUUID() } });
  await client.request({ case: 'updatePeer', value: { roomId, attributes: { mood: 'short of time' } } });
}

async function leave(client: FrameClient, roomId: string): Promise<void> {
  await client.request({ case: 'leaveRoom', value: { roomId } });
}

/** Loses the connection, and comes back to the session by another, now and then before the first is gone. */
async function comeBack(
  client: FrameClient,
  { sessionId, sessionSecret }: Welcome,
  options: VisitOptions,
): Promise<FrameClient> {
  const { random, token } = options;
  const isOvertaken = random.chance(0.3);
  if (!isOvertaken) client.drop(random.chance(0.5) ? 'reset' : 'end');
  await delay(random.int(0, maxAwayMs));
  const next = await open(options, client.nextId);
  try {
    const { resumed } = await next.hello({ token, resume: { sessionId, sessionSecret } });
    options.onResume(resumed);
    return next;
  } catch (error) {
    next.drop();
    throw error;
  } finally {
    client.drop();
  }
}

/** Goes on while something is under way, which need not succeed. */
async function underway(random: Random, request?: Promise<unknown>): Promise<void> {
  request?.catch(() => undefined);
  await delay(random.int(0, maxUnderwayMs));
}

/** Connects, asks for an upgrade, mostly not to the last byte, and goes. */
async function breakHandshake({ url, from, random }: VisitOptions): Promise<void> {
  const { hostname: host, port } = new URL(url());
  const socket = connect({ host, port: Number(port), localAddress: from });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const request =
    `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
    'Sec-WebSocket-Protocol: parley.v1.proto\r\n\r\n';
  socket.write(request.slice(0, random.int(0, request.length)));
  await underway(random);
  if (random.chance(0.5)) socket.resetAndDestroy();
  else socket.destroy();
}
