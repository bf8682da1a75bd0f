import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import { RoomAccess, RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import { RawClient } from './raw-client.ts';
import { type DirectorySource, startTestServer } from './test-server.ts';

test('R2, R4: a room that is locked in a Directory of this process is locked for whoever begins it next', async () => {
  let access: RoomAccess = RoomAccess.OPEN;
  const directory: DirectorySource = {
    room: (roomId) =>
      create(RoomRecordSchema, {
        roomId,
        policy: { access, createOnJoin: true, permissions: { relay: true } },
      }),
    authorizeJoin: () => ({ allowed: true }),
    user: () => undefined,
    contacts: () => [],
  };
  const server = await startTestServer({ directory, env: { ROOM_EMPTY_GRACE_MS: '10' } });
  onTestFinished(() => server.close());
  const client = await RawClient.signIn(server.wsUrl, await server.token('ann'));
  onTestFinished(() => client.close());
  const join = async () =>
    (await client.request({ case: 'joinRoom', value: { roomId: 'daily', peerId: randomUUID() } })).result;
  const leave = () => client.request({ case: 'leaveRoom', value: { roomId: 'daily' } });
  expect((await join()).case).toBe('roomJoined');
  access = RoomAccess.GRANT;
  await leave();
  // Until it is gone the room goes on with the policy that it has: a node looks for rooms that are empty once a second.
  const isDenied = async () => {
    const result = await join();
    await leave();
    return result.case === 'error' && result.value.code === ErrorCode.JOIN_DENIED;
  };
  await expect.poll(isDenied, { timeout: 5_000, interval: 1_500 }).toBe(true);
});
