import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type {
  Change,
  Check,
  NewEntry,
  Position,
  RoomLog,
  Source,
  StreamName,
  StreamState,
} from './room-log.ts';

/** What a request means for a stream as it stands: a commit to make, nothing to do, or a refusal. */
export type Decision =
  | {
      readonly kind: 'commit';
      readonly checks: readonly Check[];
      readonly changes: readonly Change[];
      readonly entry?: NewEntry;
    }
  | { readonly kind: 'done' }
  | { readonly kind: 'refuse'; readonly error: SignalError };

export const done: Decision = { kind: 'done' };

export function refuse(code: ErrorCode, message: string, reason?: string): Decision {
  return { kind: 'refuse', error: new SignalError(code, message, reason === undefined ? {} : { reason }) };
}

/** A decision on the way to which a refusal may be thrown, as `SignalError`. */
export function refusable(decide: () => Decision): Decision {
  try {
    return decide();
  } catch (error) {
    if (error instanceof SignalError) return { kind: 'refuse', error };
    throw error;
  }
}

/** What came of it: a commit, with what was added to the log and where; or nothing had to be done. */
export type Decided =
  | {
      readonly kind: 'committed';
      readonly position: Position;
      readonly entry: NewEntry | undefined;
      /** It had been before, as `CommitResult.again` says. */
      readonly again: boolean;
    }
  | { readonly kind: 'done' };

/** How often a decision is taken anew when the stream changed between the look at it and the commit. */
const maxTries = 8;

/**
 * Looks at a stream, decides, commits; where the stream has changed in between so that a check of the commit failed, looks
 * again. Rejects with the decision's refusal, with STALE_SESSION or NOT_APPLIED as the log answers, with UNAVAILABLE when the stream
 * changes faster than it can be decided on, and with OUTCOME_UNKNOWN where it would say that nothing was done and a try before is in doubt.
 * `seen`: the stream as it was just now, in place of the first look.
 */
export async function decideAndCommit(
  log: RoomLog,
  stream: StreamName,
  source: Source,
  decide: (state: StreamState | undefined) => Decision,
  seen?: StreamState,
): Promise<Decided> {
  let isInDoubt = false;
  for (let tries = 0; tries < maxTries; tries++) {
    const state = tries === 0 && seen !== undefined ? seen : await log.state(stream);
    const decision = decide(state);
    if (decision.kind === 'done') return decision;
    if (decision.kind === 'refuse') throw isInDoubt ? outcomeUnknown(decision.error) : decision.error;
    const { checks, changes, entry } = decision;
    const result = await log.commit(stream, { source, checks, changes, ...(entry && { entry }) });
    if (result.outcome === 'applied') {
      const { position, again } = result;
      return { kind: 'committed', position, entry, again };
    }
    if (result.outcome !== 'refused') throw commitError(result.outcome);
    if (result.inDoubt === true) isInDoubt = true;
  }
  const tooFast = new SignalError(ErrorCode.UNAVAILABLE, 'the room changes too fast, try again');
  throw isInDoubt ? outcomeUnknown(tooFast) : tooFast;
}

/** A check that holds for nobody. */
const nobody: Check = { kind: 'member', peerId: '', otherwise: ErrorCode.NOT_IN_ROOM };

/**
 * Whether a commit of this source and seq had its effect before: asks, and does nothing. Rejects with STALE_SESSION or NOT_APPLIED as
 * the log answers.
 */
export async function wasApplied(log: RoomLog, stream: StreamName, source: Source): Promise<boolean> {
  const result = await log.commit(stream, { source, checks: [nobody], changes: [] });
  if (result.outcome === 'stale' || result.outcome === 'not-applied') throw commitError(result.outcome);
  return result.outcome === 'applied';
}

/** The error for a commit that the log would not evaluate. */
export function commitError(outcome: 'stale' | 'not-applied'): SignalError {
  return outcome === 'stale'
    ? new SignalError(ErrorCode.STALE_SESSION, 'the session is attached elsewhere')
    : new SignalError(ErrorCode.NOT_APPLIED, 'the request had no effect and was overtaken by a later one');
}

/** The error for a commit that was refused when it was sent again, after its first answer was lost. */
export function outcomeUnknown(cause?: SignalError): SignalError {
  const message =
    'the store was lost before it answered: the request may have had its effect, or may have it yet';
  return new SignalError(ErrorCode.OUTCOME_UNKNOWN, message, { cause });
}
