import { create } from '@bufbuild/protobuf';
import {
  RoomAccess,
  type RoomRecord,
  RoomRecordSchema,
} from '../../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { DirectorySource, JoinAnswer } from './directory-source.ts';

export interface OpenPolicyOptions {
  /** Whether this is a production server, which must not be open to everyone. */
  readonly production: boolean;
}

/**
 * For development: every room exists, anyone who is signed in makes and enters it, may do everything in it, and is its host
 * if first. Knows no users and no contacts.
 */
export class OpenPolicy implements DirectorySource {
  /** @throws SignalError INVALID_ARGUMENT in production. */
  constructor(options: OpenPolicyOptions) {
    if (!options.production) return;
    throw new SignalError(
      ErrorCode.INVALID_ARGUMENT,
      'in production rooms are not open to everyone: name a Directory Service or a directory file (docs/directory.md)',
    );
  }

  room(roomId: string): RoomRecord {
    return create(RoomRecordSchema, {
      roomId,
      mode: RoomMode.P2P,
      policy: {
        access: RoomAccess.OPEN,
        createOnJoin: true,
        creatorIsHost: true,
        permissions: { publish: true, subscribe: true, chat: true, relay: true },
      },
    });
  }

  authorizeJoin(): JoinAnswer {
    return { allowed: true };
  }

  user(): undefined {
    return undefined;
  }

  contacts(): readonly string[] {
    return [];
  }
}
