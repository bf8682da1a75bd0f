import { create } from '@bufbuild/protobuf';
import { afterAll, onTestFinished } from 'vitest';
import { RoomAccess, RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import type { Error as ErrorMessage } from '../../gen/parley/signal/v1/error_pb.ts';
import { RoomMode } from '../../gen/parley/signal/v1/room_pb.ts';
import { RawClient } from './raw-client.ts';
import { type DirectorySource, startTestServer, type TestServer } from './test-server.ts';

const everything = { publish: true, subscribe: true, chat: true, relay: true };

/** By room id, how its policy differs from that of every other room: open, made by the first joiner, who is host. */
const policies: Readonly<Record<string, object>> = {
  small: { createOnJoin: true, capacity: 2 },
  granted: { createOnJoin: true, access: RoomAccess.GRANT },
  asked: { createOnJoin: true, access: RoomAccess.ASK },
  fixed: { createOnJoin: false },
};

/** Knows every room whose id does not begin with `absent`, and of people Dora. Where it is asked, it lets Bob in. */
const directory: DirectorySource = {
  room: (roomId) => {
    if (roomId.startsWith('absent')) return undefined;
    const policy = { createOnJoin: true, creatorIsHost: true, permissions: everything, ...policies[roomId] };
    return create(RoomRecordSchema, { roomId, mode: RoomMode.P2P, policy, metadata: { topic: 'standup' } });
  },
  authorizeJoin: (_roomId, userId) =>
    userId === 'bob' ? { allowed: true } : { allowed: false, reason: 'Only Bob may come in.' },
  user: (userId) =>
    userId === 'dora'
      ? {
          $typeName: 'parley.directory.v1.User',
          userId,
          displayName: 'Dora D.',
          avatarUrl: 'https://example.test/d.png',
        }
      : undefined,
  contacts: () => [],
};

export interface RoomServer {
  readonly server: TestServer;
  /** A client of a user. Closed when the test ends. */
  readonly signIn: (userId: string, more?: Parameters<TestServer['token']>[1]) => Promise<RawClient>;
}

/**
 * A node with a room for each case, for the tests of one file, after which it is closed. Its reconnection window is 250 ms,
 * and an empty room is kept for 200 ms;
 * `env` adds settings.
 */
export async function startRoomServer(env: Readonly<Record<string, string>> = {}): Promise<RoomServer> {
  const server = await startTestServer({
    directory,
    env: { RECONNECTION_WINDOW_MS: '250', ROOM_EMPTY_GRACE_MS: '200', ...env },
  });
  afterAll(() => server.close());
  return {
    server,
    async signIn(userId, more) {
      const client = await RawClient.signIn(server.wsUrl, await server.token(userId, more));
      onTestFinished(() => client.close());
      return client;
    },
  };
}

/** The error that a request is refused with. Fails where it is granted. */
export async function errorOf(
  client: RawClient,
  body: Parameters<RawClient['request']>[0],
): Promise<ErrorMessage> {
  const { result } = await client.request(body);
  if (result.case !== 'error') throw new Error(`no error for ${body.case}: ${String(result.case)}`);
  return result.value;
}
