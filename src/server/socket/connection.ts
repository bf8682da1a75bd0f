import { create, fromBinary } from '@bufbuild/protobuf';
import { type Hello, HelloSchema } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode, closeCodesByError } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { readClientFrame } from '../frame/client-frame.ts';
import { errorMessage } from '../frame/error-message.ts';
import { controlFrame } from '../frame/server-frame.ts';
import type { Log } from '../port/log.ts';
import type { Metrics } from '../port/metrics.ts';
import type { Identity, TokenVerifier } from '../port/token-verifier.ts';
import type { Dispatcher } from '../session/dispatcher.ts';
import type { Session } from '../session/session.ts';
import type { SignIn } from '../session/session-desk.ts';
import type { Sessions } from '../session/sessions.ts';
import type { Wire, WireListener } from '../session/wire.ts';
import type { Place } from './connection-places.ts';
import type { SignInLine, Turn } from './sign-in-line.ts';
import type { Seat, UserSeats } from './user-seats.ts';

export interface ConnectionOptions {
  readonly wire: Wire;
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Its place among the connections; left by whoever gave it. */
  readonly place: Place;
  readonly seats: UserSeats;
  readonly line: SignInLine;
  /** Its lines name the connection by `id`. */
  readonly log: Log;
  readonly metrics: Metrics;
  /** Names the connection in the log. */
  readonly id: string;
  readonly signInTimeoutMs: number;
  readonly maxFrameBytes: number;
  /** The token that came with the upgrade; empty: none. */
  readonly token: string;
  /** A `Hello` will come although the upgrade brought a token. */
  readonly awaitHello: boolean;
  readonly path?: SignIn['path'];
}

/** What the client sent while its token was being verified; it is handled right after the welcome. */
interface Early {
  readonly frames: Uint8Array[];
  bytes: number;
}

type Phase =
  | { readonly name: 'waiting' }
  | { readonly name: 'verifying'; readonly early: Early }
  | { readonly name: 'signed-in'; readonly session: Session }
  | { readonly name: 'closed' };

/** Most frames that a client may send ahead of its welcome. */
const maxEarlyFrames = 64;

/** One connection from its opening: the sign-in, and then its session's frames. Before the sign-in nothing is answered. */
export class Connection implements WireListener {
  readonly #options: ConnectionOptions;
  #phase: Phase = { name: 'waiting' };
  readonly #openedAtMs: number;
  #cancelDeadline: () => void = () => undefined;
  #turn: Turn | undefined;
  #leaveSeat: () => void = () => undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#openedAtMs = options.clock.monotonicMs();
  }

  open(): void {
    const { clock, signInTimeoutMs, token, awaitHello } = this.#options;
    this.#cancelDeadline = clock.after(signInTimeoutMs, () => this.#signInTimedOut());
    if (token !== '' && !awaitHello) void this.#signIn(create(HelloSchema));
  }

  receive(bytes: Uint8Array): void {
    const phase = this.#phase;
    if (phase.name === 'signed-in') this.#receiveSignedIn(phase.session, bytes);
    else if (phase.name === 'verifying') this.#keep(phase.early, bytes);
    else if (phase.name === 'waiting') this.#receiveHello(bytes);
  }

  receiveBroken(id: number, error: SignalError): void {
    if (this.#phase.name === 'signed-in')
      this.#options.dispatcher.refuseBroken(this.#phase.session, id, error);
    else if (this.#phase.name !== 'closed') this.#refuse(error);
  }

  /** The node takes no more sign-ins. No effect where there was one. */
  stopSignIn(): void {
    if (this.#phase.name === 'signed-in') return;
    this.#refuse(new SignalError(ErrorCode.UNAVAILABLE, 'the node is stopping'), CloseCode.GOING_AWAY);
  }

  closed(code: number): void {
    this.#letGo();
    const phase = this.#phase;
    this.#phase = { name: 'closed' };
    const session = phase.name === 'signed-in' ? phase.session : undefined;
    if (session !== undefined) this.#lose(session);
    const { clock, log, metrics } = this.#options;
    metrics.disconnected(code);
    const afterMs = Math.round(clock.monotonicMs() - this.#openedAtMs);
    log.info('ws.disconnect', { code, afterMs, session: session?.sessionId });
  }

  /** A session that was taken from the connection hears no more by it, also where the client does not heed the close. */
  #receiveSignedIn(session: Session, bytes: Uint8Array): void {
    if (session.connected) this.#options.dispatcher.dispatch(session, bytes);
  }

  #receiveHello(bytes: Uint8Array): void {
    const read = readClientFrame(bytes, this.#options.maxFrameBytes);
    if (!read.ok) this.#refuse(read.error);
    else if (read.frame.kind === 'hello') void this.#signIn(fromBinary(HelloSchema, read.frame.body));
    else this.#refuse(new SignalError(ErrorCode.UNAUTHENTICATED, 'the first frame must be a hello'));
  }

  async #signIn(hello: Hello): Promise<void> {
    const { verifier, sessions, wire, path, log, id, line, place } = this.#options;
    const early: Early = { frames: [], bytes: 0 };
    this.#phase = { name: 'verifying', early };
    try {
      const token = hello.token || this.#options.token;
      if (token === '') throw new SignalError(ErrorCode.UNAUTHENTICATED, 'a token is needed to sign in');
      this.#turn = line.enter();
      if (!this.#turn.hasCome) await this.#turn.come;
      if (this.#isClosed()) return;
      const identity = await verifier.verify(token);
      // A connection that is gone must not take the session from the one that came after it.
      if (this.#isClosed()) return;
      const seat = this.#sit(identity, hello.resume?.sessionId ?? '');
      const session = await sessions.signIn({ identity, hello, wire, ...(path && { path }) });
      seat.sessionId = session.sessionId;
      if (this.#isClosed()) {
        this.#lose(session);
        return;
      }
      this.#cancelDeadline();
      place.signedIn();
      this.#phase = { name: 'signed-in', session };
      session.log.info('ws.auth_success', { connection: id, gen: session.gen, client: hello.client });
      for (const bytes of early.frames) this.receive(bytes);
    } catch (thrown) {
      const error = SignalError.from(thrown);
      if (error.code === ErrorCode.INTERNAL) log.error('sign_in.failed', thrown);
      this.#refuse(error);
    } finally {
      this.#turn?.leave();
    }
  }

  #sit(identity: Identity, sessionId: string): Seat {
    const { seats } = this.#options;
    const seat = seats.take(identity, sessionId);
    this.#leaveSeat = () => seats.leave(identity.userId, seat);
    return seat;
  }

  #keep(early: Early, bytes: Uint8Array): void {
    early.bytes += bytes.length;
    const fits = early.frames.length < maxEarlyFrames && early.bytes <= this.#options.maxFrameBytes;
    if (fits) early.frames.push(bytes);
    else
      this.#refuse(
        new SignalError(
          ErrorCode.RATE_LIMITED,
          `more than ${maxEarlyFrames} frames, or ${this.#options.maxFrameBytes} bytes, before the welcome`,
        ),
        CloseCode.PROTOCOL_VIOLATION,
      );
  }

  #signInTimedOut(): void {
    if (this.#phase.name === 'signed-in') return;
    const { signInTimeoutMs, line } = this.#options;
    if (this.#phase.name !== 'verifying') {
      const error = new SignalError(ErrorCode.UNAUTHENTICATED, `no sign-in within ${signInTimeoutMs} ms`);
      this.#refuse(error, CloseCode.SIGN_IN_TIMEOUT);
    } else if (this.#turn?.hasCome === false) {
      this.#refuse(line.tooLong(`${signInTimeoutMs} ms in line for the sign-in`));
    } else {
      this.#refuse(
        new SignalError(ErrorCode.UNAVAILABLE, `the sign-in takes longer than ${signInTimeoutMs} ms`),
      );
    }
  }

  #refuse(
    error: SignalError,
    code = closeCodesByError.get(error.code) ?? CloseCode.PROTOCOL_VIOLATION,
  ): void {
    if (this.#phase.name === 'closed') return;
    this.#phase = { name: 'closed' };
    this.#letGo();
    const { wire, log, metrics } = this.#options;
    metrics.refused(error.codeName);
    wire.send(controlFrame({ body: { case: 'error', value: errorMessage(error) } }));
    wire.close(code, error.codeName);
    log.info('ws.auth_failure', { code: error.codeName, reason: error.message });
  }

  /** Gives back what it holds. */
  #letGo(): void {
    this.#cancelDeadline();
    this.#turn?.leave();
    this.#leaveSeat();
  }

  #isClosed(): boolean {
    return this.#phase.name === 'closed';
  }

  #lose(session: Session): void {
    this.#options.sessions
      .lost(session)
      .catch((error: unknown) => session.log.error('session.detach', error));
  }
}
