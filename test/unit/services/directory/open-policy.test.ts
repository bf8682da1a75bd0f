import { createRouterTransport } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { RoomAccess } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import { ConnectDirectory } from '../../../../src/server/adapter/directory/connect-directory.ts';
import { directoryRoutes } from '../../../../src/services/directory/directory-service.ts';
import { OpenPolicy } from '../../../../src/services/directory/open-policy.ts';

test('R2: the open policy has every room, open to all who are signed in, the first its host', async () => {
  const transport = createRouterTransport(directoryRoutes(new OpenPolicy({ production: false })));
  const directory = new ConnectDirectory({ transport, deadlineMs: 2_000 });
  const room = await directory.getRoom('any');
  expect(room?.roomId).toBe('any');
  expect(room?.policy).toMatchObject({
    access: RoomAccess.OPEN,
    createOnJoin: true,
    creatorIsHost: true,
    capacity: 0,
    permissions: { publish: true, subscribe: true, chat: true, relay: true, host: false },
  });
  expect(await directory.authorizeJoin('any', 'ann')).toEqual({ allowed: true });
  expect(await directory.getUser('ann')).toBeUndefined();
});

test('R2: the open policy refuses production', () => {
  expect(() => new OpenPolicy({ production: true })).toThrow(/in production rooms are not open to everyone/);
});
