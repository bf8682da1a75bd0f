import { create } from '@bufbuild/protobuf';
import {
  IceServersSchema,
  LimitsSchema,
  LivenessSchema,
} from '../../../../gen/parley/signal/v1/session_pb.ts';
import type { SessionStore } from '../../../../src/server/port/session-store.ts';
import type { Identity } from '../../../../src/server/port/token-verifier.ts';
import { RateLimits } from '../../../../src/server/session/rate-limits.ts';
import { SessionKeeper } from '../../../../src/server/session/session-keeper.ts';
import type { SessionsOptions } from '../../../../src/server/session/sessions.ts';
import type { Clock } from '../../../../src/shared/clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { uncounted } from '../../uncounted.ts';

/** What the token of a user says, where a test asks for nothing of it. */
export function identityOf(userId: string): Identity {
  return {
    userId,
    displayName: '',
    avatarUrl: '',
    scopes: new Set(['join']),
    rooms: new Map(),
    sessionPolicy: 'multiple',
  };
}

/** What a session is come back to by, where a test does not. */
export const usualSecret = { windowMs: 5_000, secretHash: 'hash', attempt: 0 };

/** Limits that a test does not come near, unless it means to. */
export function usualLimits() {
  return {
    outboundLimits: { budgetBytes: 100_000, maxBytes: 1_000_000 },
    rateLimits: new RateLimits({
      connection: { perSecond: 1_000, burst: 1_000 },
      room: { perSecond: 100_000, burst: 100_000 },
    }),
    maxBrokenFrames: 1,
  };
}

/** The options of sessions that have no rooms, and are warned a minute before their tokens expire. */
export function usualSessions(store: SessionStore, clock: Clock): SessionsOptions {
  const notAsked = () => Promise.reject(new Error('not asked for'));
  return {
    ...usualLimits(),
    store,
    status: { isAvailable: true, refusals: new Map(), watch: () => ({ close: () => undefined }) },
    rooms: { comeBack: notAsked, joinByPath: notAsked, hasLost: notAsked, lossNoticed: () => undefined },
    keeper: new SessionKeeper(store),
    ender: { finish: notAsked },
    clock,
    log: quietLog,
    metrics: uncounted,
    node: 'a',
    serverVersion: '0.0.0',
    features: [],
    limits: create(LimitsSchema),
    liveness: create(LivenessSchema),
    iceServers: create(IceServersSchema),
    acknowledgeWithinMs: 25,
    reconnectionWindowMs: 5_000,
    maxReconnectionWindowMs: 5_000,
    tokenWarningMs: 60_000,
  };
}
