import { RoomAccess, type RoomRecord } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import type { Permissions } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import type { RoomView } from '../../domain/room-view.ts';
import type { Directory } from '../../port/directory.ts';
import type { Identity, RoomGrant, TokenVerifier } from '../../port/token-verifier.ts';

/** What lets a user into a room. */
export interface Admission {
  /** Rights that a token or the Directory gives. Absent: the room's policy says. */
  readonly permissions?: Permissions;
  /** What the room starts as; absent for one that lives. */
  readonly seed?: RoomRecord;
}

export interface AdmissionRequest {
  readonly identity: Identity;
  readonly roomId: string;
  /** Empty: none. */
  readonly joinToken: string;
  /** The room, where it lives: its own policy then holds. */
  readonly living: RoomView | undefined;
}

/**
 * Decides before a join whether the user may enter: by the token's grants, by a join token, or by asking the Directory.
 * Rejects with PERMISSION_DENIED, ROOM_NOT_FOUND, JOIN_DENIED with a reason, or DIRECTORY_UNAVAILABLE.
 */
export class AdmissionDesk {
  readonly #directory: Directory;
  readonly #verifier: TokenVerifier;

  constructor(directory: Directory, verifier: TokenVerifier) {
    this.#directory = directory;
    this.#verifier = verifier;
  }

  async admit(request: AdmissionRequest): Promise<Admission> {
    const { identity, roomId, living } = request;
    if (!identity.scopes.has('join')) {
      throw new SignalError(ErrorCode.PERMISSION_DENIED, 'the token has no scope join');
    }
    const seed = living === undefined ? await this.#directory.getRoom(roomId) : undefined;
    const policy = living?.policy ?? seed?.policy;
    if (living === undefined && seed === undefined) {
      throw new SignalError(
        ErrorCode.ROOM_NOT_FOUND,
        'there is no such room, and policy does not let this user make it',
      );
    }
    const grant = await this.#grant(request);
    const permissions = await this.#permissions(request, policy?.access ?? RoomAccess.OPEN, grant);
    return { ...(permissions && { permissions }), ...(seed && { seed }) };
  }

  /** The rights that a grant or the Directory gives; undefined: those of the room's policy. Rejects where neither lets the user in. */
  async #permissions(
    { identity, roomId }: AdmissionRequest,
    access: RoomAccess,
    grant: RoomGrant | undefined,
  ): Promise<Permissions | undefined> {
    switch (access) {
      case RoomAccess.UNSPECIFIED:
      case RoomAccess.OPEN:
        return grant?.permissions;
      case RoomAccess.GRANT:
        if (grant === undefined) throw denied('the room needs a token that names it, or a join token');
        return grant.permissions;
      case RoomAccess.ASK: {
        if (grant !== undefined) return grant.permissions;
        const decision = await this.#directory.authorizeJoin(roomId, identity.userId);
        if (!decision.allowed) throw denied(decision.reason);
        return decision.permissions;
      }
      default:
        // A Directory of a later version may lock rooms in ways of its own: not to understand is not to open.
        throw denied('the server does not know this kind of access');
    }
  }

  async #grant({ identity, roomId, joinToken }: AdmissionRequest): Promise<RoomGrant | undefined> {
    if (joinToken !== '') return this.#grantOf(joinToken, identity.userId, roomId);
    const grant = identity.rooms.get(roomId) ?? identity.rooms.get('*');
    if (grant === undefined && identity.rooms.size > 0) throw denied('the token is for other rooms');
    return grant;
  }

  async #grantOf(joinToken: string, userId: string, roomId: string): Promise<RoomGrant> {
    const token = await this.#verifier.verifyJoinToken(joinToken).catch((error: unknown) => {
      const fault = SignalError.from(error);
      throw fault.retryable ? fault : denied(`the join token does not hold: ${fault.message}`);
    });
    if (token.roomId !== roomId) throw denied('the join token is for another room');
    if (token.userId !== undefined && token.userId !== userId)
      throw denied('the join token is for another user');
    return token.grant;
  }
}

function denied(reason: string): SignalError {
  return new SignalError(ErrorCode.JOIN_DENIED, `the user may not enter the room: ${reason}`, { reason });
}
