import { fromJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf';
import {
  RoomAccess,
  type RoomRecord,
  RoomRecordSchema,
} from '../../../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../../../gen/parley/signal/v1/room_pb.ts';

const modes: ReadonlyMap<string, RoomMode> = new Map([
  ['p2p', RoomMode.P2P],
  ['sfu', RoomMode.SFU],
]);
// Without `ask`: over this way there is nobody to ask, and everyone would get in.
const accesses: ReadonlyMap<string, RoomAccess> = new Map([
  ['open', RoomAccess.OPEN],
  ['grant', RoomAccess.GRANT],
]);
const defaultPermissions: JsonObject = { publish: true, subscribe: true, chat: true, relay: true };

/**
 * Reads a room as a plain HTTP service describes it (docs/directory.md). Fields that it has beside are left alone.
 *
 * @throws Error where it is not of that shape, or another room.
 */
export function readHttpRoomRecord(roomId: string, json: JsonValue): RoomRecord {
  const { id, mode = 'p2p', metadata = {}, policy = {} } = objectOf(json, 'the room');
  if (id !== roomId) throw new Error('the answer is about another room');
  const { access = 'open', ...rest } = objectOf(policy, 'its policy');
  return fromJson(
    RoomRecordSchema,
    {
      roomId,
      mode: chosen(modes, mode, 'mode'),
      metadata,
      policy: {
        createOnJoin: true,
        permissions: defaultPermissions,
        ...rest,
        access: chosen(accesses, access, 'access'),
      },
    },
    { ignoreUnknownFields: true },
  );
}

function objectOf(json: JsonValue, what: string): JsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json;
  throw new Error(`${what} is no JSON object`);
}

function chosen<Value>(choices: ReadonlyMap<string, Value>, name: JsonValue, field: string): Value {
  const value = typeof name === 'string' ? choices.get(name) : undefined;
  if (value === undefined) throw new Error(`${field} must be one of ${[...choices.keys()].join(', ')}`);
  return value;
}
