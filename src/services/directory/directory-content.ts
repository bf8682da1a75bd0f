import { create } from '@bufbuild/protobuf';
import {
  RoomAccess,
  type RoomRecord,
  RoomRecordSchema,
  type User,
  UserSchema,
} from '../../../gen/parley/directory/v1/directory_pb.ts';
import { type Permissions, PermissionsSchema, RoomMode } from '../../../gen/parley/signal/v1/room_pb.ts';
import { type DirectoryDocument, type DirectoryDocumentRoom, everyone } from './directory-document.ts';
import type { DirectorySource, JoinAnswer } from './directory-source.ts';

type Right = DirectoryDocumentRoom['permissions'][number];

interface Room {
  readonly record: RoomRecord;
  /** By user id; present where the room's access is ASK. */
  readonly allow: ReadonlyMap<string, JoinAnswer>;
  readonly refusal: string;
}

const modes = { p2p: RoomMode.P2P, sfu: RoomMode.SFU } as const;
const accesses = { open: RoomAccess.OPEN, grant: RoomAccess.GRANT, ask: RoomAccess.ASK } as const;

/** One version of a directory file, ready to answer from. Never changes. */
export class DirectoryContent implements DirectorySource {
  readonly #rooms: ReadonlyMap<string, Room>;
  readonly #users: ReadonlyMap<string, User>;
  readonly #contacts: ReadonlyMap<string, readonly string[]>;

  constructor({ rooms, users, contacts }: DirectoryDocument) {
    this.#rooms = new Map(Object.entries(rooms).map(([roomId, room]) => [roomId, roomOf(roomId, room)]));
    this.#users = new Map(
      Object.entries(users).map(([userId, { displayName = '', avatarUrl = '' }]) => [
        userId,
        create(UserSchema, { userId, displayName, avatarUrl }),
      ]),
    );
    this.#contacts = new Map(Object.entries(contacts));
  }

  room(roomId: string): RoomRecord | undefined {
    return this.#rooms.get(roomId)?.record;
  }

  authorizeJoin(roomId: string, userId: string): JoinAnswer {
    const room = this.#rooms.get(roomId);
    if (room === undefined) return { allowed: false, reason: 'There is no such room.' };
    switch (room.record.policy?.access) {
      case RoomAccess.ASK:
        return room.allow.get(userId) ?? room.allow.get(everyone) ?? { allowed: false, reason: room.refusal };
      case RoomAccess.GRANT:
        return { allowed: false, reason: 'This room needs a grant in the token.' };
      default:
        return { allowed: true };
    }
  }

  user(userId: string): User | undefined {
    return this.#users.get(userId);
  }

  contacts(userId: string): readonly string[] {
    return this.#contacts.get(userId) ?? [];
  }
}

function roomOf(roomId: string, room: DirectoryDocumentRoom): Room {
  const { mode, access, allow, refusal, metadata, permissions, ...policy } = room;
  const record = create(RoomRecordSchema, {
    roomId,
    mode: modes[mode],
    metadata,
    policy: {
      ...policy,
      access: accesses[access ?? (allow === undefined ? 'open' : 'ask')],
      permissions: permissionsOf(permissions),
    },
  });
  return { record, allow: answersOf(allow ?? {}), refusal };
}

function answersOf(allow: NonNullable<DirectoryDocumentRoom['allow']>): Map<string, JoinAnswer> {
  return new Map(
    Object.entries(allow).map(([userId, { permissions }]) => [
      userId,
      permissions === undefined
        ? { allowed: true }
        : { allowed: true, permissions: permissionsOf(permissions) },
    ]),
  );
}

function permissionsOf(rights: readonly Right[]): Permissions {
  return create(PermissionsSchema, Object.fromEntries(rights.map((right) => [right, true])));
}
