import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { onTestFinished } from 'vitest';
import { RoomRecordSchema } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { TokenIssuer } from '../../../../src/process/token-issuer.ts';
import { MemoryRoomLog } from '../../../../src/server/adapter/memory/memory-room-log.ts';
import { decideJoin } from '../../../../src/server/domain/join.ts';
import { createHttpApi, type HttpApiOptions } from '../../../../src/server/http/http-api.ts';
import { decideAndCommit } from '../../../../src/server/port/decision.ts';
import type { Log } from '../../../../src/server/port/log.ts';
import type { RoomLog } from '../../../../src/server/port/room-log.ts';
import type { Scope } from '../../../../src/server/port/token-verifier.ts';
import { systemClock } from '../../../../src/shared/clock.ts';
import { usualVerifier } from '../adapter/jose/usual-verifier.ts';

const secret = 'a secret of the tests, long enough';
const issuer = new TokenIssuer({ secret });

/** A session token with these scopes that holds for so many seconds. */
export function tokenWith(scopes: readonly Scope[], expiresInS = 60): Promise<string> {
  return issuer.sessionToken({ userId: 'ann', scopes, expiresInS });
}

/** An API that listens, with what its log was told. */
export interface ListeningApi {
  readonly url: string;
  readonly app: ReturnType<typeof createHttpApi>;
  readonly errors: { readonly event: string; readonly error: unknown; readonly fields: unknown }[];
  /** `GET` with a token that may list. */
  readonly list: (path: string) => Promise<Response>;
}

/** An API on a free port, closed with the test. */
export async function listeningApi(options: Partial<HttpApiOptions> = {}): Promise<ListeningApi> {
  const errors: ListeningApi['errors'] = [];
  const log: Log = {
    debugEnabled: false,
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (event, error, fields) => void errors.push({ event, error, fields }),
    child: () => log,
    user: () => 'hash',
  };
  const app = createHttpApi({
    trustProxy: false,
    handshakeTimeoutMs: 10_000,
    roomLog: memoryRooms(),
    verifier: usualVerifier({ kind: 'secret', secret }),
    clock: systemClock,
    log,
    version: '1.2.3',
    nodeId: 'node-a',
    partModes: () => ({ state: 'memory' }),
    unready: () => [],
    isDraining: () => false,
    metrics: { contentType: 'text/plain', text: () => Promise.resolve('up 1\n') },
    metricsAccess: 'anyone',
    clientUrls: ['http://localhost:3000', 'https://app.example'],
    ...options,
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const authorization = `Bearer ${await tokenWith(['list'])}`;
  return { url, app, errors, list: (path) => fetch(url + path, { headers: { authorization } }) };
}

/** Sends bytes as they are, and gives everything that comes back until the server ends it. */
export async function exchange(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  socket.write(request);
  await once(socket, 'close');
  return answer;
}

/** A room log in memory, closed with the test. */
export function memoryRooms(): MemoryRoomLog {
  const log = new MemoryRoomLog({
    clock: systemClock,
    keepMs: 60_000,
    maxBytes: 65_536,
    emptyGraceMs: 60_000,
  });
  onTestFinished(() => log.close());
  return log;
}

/** Lets a user join a room, which is made as a room named after its id. Gives the peer id. */
export async function join(
  log: RoomLog,
  roomId: string,
  displayName: string,
  mode: RoomMode = RoomMode.P2P,
): Promise<string> {
  const sessionId = randomUUID();
  const peerId = randomUUID();
  const session = { sessionId, userId: displayName.toLowerCase(), gen: 1, node: 'node-a' };
  const seed = create(RoomRecordSchema, {
    roomId,
    mode,
    metadata: { title: `Room ${roomId}` },
    policy: { createOnJoin: true },
  });
  await decideAndCommit(log, `room:${roomId}`, { id: sessionId, gen: 1, seq: 1 }, (state) =>
    decideJoin(state, {
      peerId,
      session,
      join: `${sessionId}:1`,
      displayName,
      avatarUrl: '',
      attributes: {},
      nowMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      seed,
    }),
  );
  return peerId;
}
