import { create } from '@bufbuild/protobuf';
import type { JWTPayload } from 'jose';
import { type Permissions, PermissionsSchema } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { isId } from '../../../shared/ids.ts';
import type { SessionPolicy } from '../../port/session-store.ts';
import type { Identity, JoinToken, RoomGrant, Scope } from '../../port/token-verifier.ts';
import { tokenFault } from './token-fault.ts';

/** The audience, or the claim `typ`, that makes a token a join token. */
export const joinTokenType = 'parley-join';

export interface ClaimRules {
  /** The claim that holds the user id. */
  readonly userIdClaim: string;
  /** The audience that a token must name. Absent: any. */
  readonly audience?: string;
  /** How long after its `exp` a token is still accepted, in seconds. */
  readonly clockSkewS: number;
  /** The longest reconnection window that a token may ask for, in milliseconds. */
  readonly maxReconnectionWindowMs: number;
}

const scopeNames: readonly Scope[] = ['join', 'list', 'operate', 'service'];
const sessionPolicies: readonly SessionPolicy[] = ['multiple', 'replace', 'refuse'];
const permissionNames = ['publish', 'subscribe', 'chat', 'relay', 'host'] as const;
/** The last moment that a Date can hold, in seconds since 1970. */
const lastMomentS = 8_640_000_000_000;

/** Reads the claims of a session token. `docs/tokens.md` has the table. Throws `SignalError` TOKEN_INVALID. */
export function readIdentity(claims: JWTPayload, rules: ClaimRules): Identity {
  if (isJoinToken(claims)) throw tokenFault('this is a join token, a session token is wanted');
  checkAudience(claims, rules.audience);
  const parley = readObject(claims['parley'], 'parley', ['rooms', 'sessions', 'windowMs']) ?? {};
  const windowMs = readWindow(parley['windowMs']);
  const expiresAtMs = readExpiry(claims.exp, rules.clockSkewS);
  return {
    userId: readUserId(claims, rules.userIdClaim),
    displayName: readText(claims['name'], 'name'),
    avatarUrl: readText(claims['picture'], 'picture'),
    scopes: readScopes(claims['scope']),
    rooms: readGrants(parley['rooms']),
    sessionPolicy: readSessionPolicy(parley['sessions']),
    ...(windowMs !== undefined && {
      reconnectionWindowMs: Math.min(windowMs, rules.maxReconnectionWindowMs),
    }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
}

/** Reads the claims of a join token. Throws `SignalError` TOKEN_INVALID. */
export function readJoinToken(claims: JWTPayload, rules: ClaimRules): JoinToken {
  if (!isJoinToken(claims)) throw tokenFault(`this is no join token, its audience is not ${joinTokenType}`);
  // A token that is one by its audience can't name the server's audience in the same single text.
  if (!audiencesOf(claims).includes(joinTokenType)) checkAudience(claims, rules.audience);
  const roomId = claims['room'];
  if (roomId === undefined) throw tokenFault('claim room is missing');
  if (typeof roomId !== 'string' || !isId(roomId)) throw tokenFault('claim room is not a room id');
  readExpiry(claims.exp, rules.clockSkewS);
  return {
    roomId,
    ...(claims.sub !== undefined && { userId: readUserId(claims, 'sub') }),
    grant: readGrant(claims['permissions'], 'permissions'),
  };
}

function audiencesOf(claims: JWTPayload): readonly unknown[] {
  return Array.isArray(claims.aud) ? claims.aud : [claims.aud];
}

function isJoinToken(claims: JWTPayload): boolean {
  return claims['typ'] === joinTokenType || audiencesOf(claims).includes(joinTokenType);
}

function checkAudience(claims: JWTPayload, audience: string | undefined): void {
  if (audience === undefined) return;
  if (claims.aud === undefined) throw tokenFault('claim aud is missing');
  if (!audiencesOf(claims).includes(audience))
    throw tokenFault('the audience (claim aud) is not the expected one');
}

function readUserId(claims: JWTPayload, claim: string): string {
  const value = claims[claim];
  if (value === undefined) throw tokenFault(`claim ${claim} is missing`);
  if (typeof value !== 'string' || !isId(value)) {
    throw tokenFault(`claim ${claim} is not a user id: 1 to 128 characters of A-Z a-z 0-9 . _ ~ -`);
  }
  return value;
}

function readText(value: unknown, claim: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw tokenFault(`claim ${claim} must be a text`);
  return value;
}

function readScopes(value: unknown): ReadonlySet<Scope> {
  if (value === undefined) return new Set<Scope>(['join']);
  if (typeof value !== 'string') throw tokenFault('claim scope must be a text of names with spaces between');
  // Scopes of other services in the same token (openid, email) are none of ours.
  const named = new Set(value.split(' '));
  return new Set(scopeNames.filter((scope) => named.has(scope)));
}

function readGrants(value: unknown): ReadonlyMap<string, RoomGrant> {
  const rooms = Object.entries(readObject(value, 'parley.rooms') ?? {});
  return new Map(
    rooms.map(([roomId, grant]) => {
      if (roomId !== '*' && !isId(roomId))
        throw tokenFault('claim parley.rooms has a key that is not a room id');
      return [roomId, readGrant(grant, `parley.rooms.${roomId}`)];
    }),
  );
}

function readGrant(value: unknown, claim: string): RoomGrant {
  const named = readObject(value, claim, permissionNames);
  if (named === undefined || Object.keys(named).length === 0) return {};
  const permissions: Permissions = create(PermissionsSchema);
  for (const name of permissionNames) {
    const permitted = named[name] ?? false;
    if (typeof permitted !== 'boolean') throw tokenFault(`claim ${claim}.${name} must be true or false`);
    permissions[name] = permitted;
  }
  return { permissions };
}

function readSessionPolicy(value: unknown): SessionPolicy {
  if (value === undefined) return 'multiple';
  const policy = sessionPolicies.find((name) => name === value);
  if (policy === undefined)
    throw tokenFault(`claim parley.sessions must be one of ${sessionPolicies.join(', ')}`);
  return policy;
}

function readWindow(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw tokenFault('claim parley.windowMs must be a whole number of milliseconds');
  }
  return value as number;
}

/** When the token is no longer accepted: a session must not end by a token that would still begin one. */
function readExpiry(expS: number | undefined, clockSkewS: number): number | undefined {
  if (expS === undefined) return undefined;
  const endS = Math.ceil(expS + clockSkewS);
  if (endS > lastMomentS) throw tokenFault('claim exp is not a moment in seconds since 1970');
  return endS * 1000;
}

/** An object claim. With `names`, no other may stand in it: a right that is misspelt must not turn into the policy's. */
function readObject(
  value: unknown,
  claim: string,
  names?: readonly string[],
): Record<string, unknown> | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw tokenFault(`claim ${claim} must be an object`);
  }
  const unknown = names && Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw tokenFault(`claim ${claim} has an unknown name, known are ${names?.join(', ') ?? ''}`);
  return value as Record<string, unknown>;
}
