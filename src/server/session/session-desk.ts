import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Hello, Resume, ResumedRoom } from '../../../gen/parley/signal/v1/session_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Log } from '../port/log.ts';
import type { Metrics, RoomOutcome } from '../port/metrics.ts';
import type { EndReason, SessionRecord, SessionStore } from '../port/session-store.ts';
import type { Identity } from '../port/token-verifier.ts';
import type { RoomOnSignIn, RoomsOnSignIn, SessionEnder } from './returning.ts';
import type { Session } from './session.ts';
import type { Wire } from './wire.ts';

/** A client that proved who it is. */
export interface SignIn {
  readonly identity: Identity;
  readonly hello: Hello;
  readonly wire: Wire;
  /** The room of the path `/rooms/{roomId}`, where it came by that. */
  readonly path?: { readonly roomId: string; readonly peerId: string };
}

/** A session that the store has given to this node, with how its rooms stand. */
export interface SignedIn {
  readonly session: Session;
  readonly secret: string;
  readonly resumed: boolean;
  readonly rooms: readonly RoomOnSignIn[];
}

export interface SessionDeskOptions {
  readonly store: SessionStore;
  readonly rooms: RoomsOnSignIn;
  readonly ender: SessionEnder;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly node: string;
  /** How long a session with this token may be without a connection. */
  readonly windowMs: (identity: Identity) => number;
  /** Makes a session that hears of notices from then on. */
  readonly makeSession: (request: SignIn, record: SessionRecord, secretHash: string) => Session;
}

/** Ends after which the client must not simply begin anew: whoever replaced it would be replaced in turn, for ever. */
const refusals: Readonly<Partial<Record<EndReason, ErrorCode>>> = {
  'signed-out': ErrorCode.SIGNED_OUT,
  replaced: ErrorCode.SESSION_REPLACED,
  kicked: ErrorCode.KICKED,
};

/** Gives a client the session that it comes back to, or a new one. */
export class SessionDesk {
  readonly #options: SessionDeskOptions;

  constructor(options: SessionDeskOptions) {
    this.#options = options;
  }

  /** Rejects with SESSION_REFUSED, SESSION_REPLACED, SIGNED_OUT, KICKED, STALE_SESSION or UNAVAILABLE. */
  async signIn(request: SignIn): Promise<SignedIn> {
    const { resume } = request.hello;
    return (resume && (await this.#resume(request, resume))) ?? (await this.#open(request));
  }

  /** Undefined: there is nothing to come back to, and a new session does no harm. */
  async #resume(request: SignIn, resume: Resume): Promise<SignedIn | undefined> {
    const { store, rooms, node, windowMs, metrics, makeSession } = this.#options;
    const { sessionId, sessionSecret: secret, attempt } = resume;
    const ref = { userId: request.identity.userId, sessionId };
    const secretHash = hashOf(secret);
    const attached = await store.attach({
      ...ref,
      secretHash,
      node,
      windowMs: windowMs(request.identity),
      attempt,
    });
    if (attached.outcome === 'overtaken') {
      throw new SignalError(
        ErrorCode.STALE_SESSION,
        'a later connection of this session came before this one',
      );
    }
    const refusal = attached.outcome === 'ended' ? refusals[attached.why] : undefined;
    if (refusal !== undefined) throw new SignalError(refusal, 'the session that is to be resumed has ended');
    if (attached.outcome !== 'attached') return undefined;
    const session = makeSession(request, attached.record, secretHash);
    const positions = new Map(resume.positions.map((position) => [position.stream, position]));
    const returned = await Promise.all(
      Array.from(attached.record.rooms, ([roomId, held]) =>
        rooms.comeBack(session, roomId, held, positions.get(roomId)),
      ),
    );
    for (const { room } of returned) metrics.resumedRoom(outcomeOf(room));
    return { session, secret, resumed: true, rooms: returned };
  }

  async #open(request: SignIn): Promise<SignedIn> {
    const { store, rooms, node, makeSession } = this.#options;
    const { identity, path } = request;
    const windowMs = this.#options.windowMs(identity);
    const secret = randomBytes(24).toString('base64url');
    const ref = { userId: identity.userId, sessionId: randomUUID() };
    const secretHash = hashOf(secret);
    const opened = await store.open({
      ...ref,
      secretHash,
      node,
      windowMs,
      policy: identity.sessionPolicy,
    });
    if (opened.outcome === 'refused') {
      throw new SignalError(
        ErrorCode.SESSION_REFUSED,
        'the user has a session, and the token allows no second one',
      );
    }
    for (const record of opened.replaced) this.#finish(record);
    const record = { ...ref, gen: opened.gen, node, windowMs, rooms: new Map() };
    const session = makeSession(request, record, secretHash);
    const joined = path === undefined ? [] : [await rooms.joinByPath(session, path.roomId, path.peerId)];
    return { session, secret, resumed: false, rooms: joined };
  }

  /** Nobody waits for it: where it fails, the reaper does it. */
  #finish(record: SessionRecord): void {
    const { ender, log } = this.#options;
    ender.finish(record).catch((thrown: unknown) => {
      if (!SignalError.from(thrown).retryable) log.error('session.finish', thrown);
    });
  }
}

/** As the metrics name it. */
function outcomeOf({ outcome }: ResumedRoom): RoomOutcome {
  if (outcome.case === 'recovered' || outcome.case === 'snapshot') return outcome.case;
  return outcome.case === 'error' && outcome.value.code === ErrorCode.NOT_IN_ROOM ? 'out' : 'failed';
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
