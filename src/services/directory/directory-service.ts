import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { DirectoryService } from '../../../gen/parley/directory/v1/directory_pb.ts';
import type { DirectorySource } from './directory-source.ts';

/** The Directory Service over a source, for any ConnectRouter: a server's or an in-process transport's. */
export function directoryRoutes(source: DirectorySource): (router: ConnectRouter) => void {
  return (router) => {
    router.service(DirectoryService, {
      getRoom({ roomId }) {
        const room = source.room(roomId);
        if (room === undefined) throw new ConnectError('there is no such room', Code.NotFound);
        return { room };
      },
      authorizeJoin: ({ roomId, userId }) => source.authorizeJoin(roomId, userId),
      getUsers: ({ userIds }) => ({
        users: userIds.map((userId) => source.user(userId)).filter((user) => user !== undefined),
      }),
      listContacts: ({ userId }) => ({ userIds: [...source.contacts(userId)] }),
    });
  };
}
