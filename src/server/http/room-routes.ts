import type { FastifyInstance } from 'fastify';
import { isId } from '../../shared/ids.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { type RoomView, readRoom } from '../domain/room-view.ts';
import type { RoomLog } from '../port/room-log.ts';
import type { TokenVerifier } from '../port/token-verifier.ts';
import { requireScope } from './require-scope.ts';
import { describeRoom, summarizeRoom } from './room-json.ts';

export interface RoomRoutesOptions {
  readonly roomLog: RoomLog;
  readonly verifier: TokenVerifier;
}

const maxPageSize = 200;
const defaultPageSize = 50;

const pageSchema = {
  type: 'object',
  properties: {
    after: { type: 'string', default: '' },
    limit: { type: 'integer', minimum: 1, maximum: maxPageSize, default: defaultPageSize },
  },
} as const;

interface Page {
  readonly after: string;
  readonly limit: number;
}

/** `GET /api/rooms` and `GET /api/rooms/:roomId`: the living rooms, for tokens with scope `list` or `operate`. */
export function addRoomRoutes(app: FastifyInstance, { roomLog, verifier }: RoomRoutesOptions): void {
  const onRequest = requireScope(verifier, 'list', 'operate');

  app.get<{ Querystring: Page }>(
    '/api/rooms',
    { onRequest, schema: { querystring: pageSchema } },
    async (request, reply) => {
      const { after, limit } = request.query;
      if (after !== '') checkId(after, 'after');
      // One more than asked for tells whether there is a next page.
      const ids = await roomLog.rooms(after, limit + 1);
      const page = ids.slice(0, limit);
      const rooms = await Promise.all(page.map((roomId) => livingRoom(roomLog, roomId)));
      reply.header('cache-control', 'no-store');
      return {
        rooms: page.flatMap((roomId, index) => {
          const room = rooms[index];
          return room === undefined ? [] : [summarizeRoom(roomId, room)];
        }),
        next: ids.length > limit ? page.at(-1) : null,
      };
    },
  );

  app.get<{ Params: { readonly roomId: string } }>(
    '/api/rooms/:roomId',
    { onRequest },
    async (request, reply) => {
      const { roomId } = request.params;
      checkId(roomId, 'the room id');
      const room = await livingRoom(roomLog, roomId);
      if (room === undefined) throw new SignalError(ErrorCode.ROOM_NOT_FOUND, 'there is no such room');
      reply.header('cache-control', 'no-store');
      return describeRoom(roomId, room);
    },
  );
}

async function livingRoom(roomLog: RoomLog, roomId: string): Promise<RoomView | undefined> {
  return readRoom(await roomLog.state(`room:${roomId}`));
}

function checkId(text: string, what: string): void {
  if (isId(text)) return;
  throw new SignalError(ErrorCode.INVALID_ARGUMENT, `${what} must be 1 to 128 of A-Z a-z 0-9 . _ ~ -`);
}
