import { randomUUID } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type ClientFrame,
  ClientFrameSchema,
  type ServerFrame,
  ServerFrameSchema,
} from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { HelloSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { SessionFeature } from '../../../../src/server/feature/session/session-feature.ts';
import { unimplementedHandlers } from '../../../../src/server/feature/unimplemented/unimplemented-feature.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type { Identity, TokenVerifier } from '../../../../src/server/port/token-verifier.ts';
import { Acknowledger } from '../../../../src/server/session/acknowledger.ts';
import { Dispatcher } from '../../../../src/server/session/dispatcher.ts';
import type { Handlers } from '../../../../src/server/session/handler.ts';
import { Session } from '../../../../src/server/session/session.ts';
import { Sessions } from '../../../../src/server/session/sessions.ts';
import type { Wire } from '../../../../src/server/session/wire.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { uncounted } from '../../uncounted.ts';
import { identityOf, usualLimits, usualSecret, usualSessions } from './usual-options.ts';

/** What a token of Ada's says that expires then, in milliseconds since 1970. */
export function adas(expiresAtMs?: number): Identity {
  return { ...identityOf('ada'), ...(expiresAtMs !== undefined && { expiresAtMs }) };
}

/** A client as its session's wire sees it: what it was told, in words. */
export class ToldWire implements Wire {
  readonly told: string[] = [];
  readonly bufferedBytes = 0;

  send(frame: OutgoingFrame): void {
    this.told.push(wordsFor(fromBinary(ServerFrameSchema, frame.bytes)));
  }

  onDrain(): void {
    // Nothing ever waits.
  }

  close(code: number): void {
    this.told.push(`close ${code}`);
  }
}

function wordsFor({ frame }: ServerFrame): string {
  if (frame.case === 'control') return frame.value.body.case ?? '';
  if (frame.case !== 'reply') return frame.case ?? '';
  const { replyTo, result } = frame.value;
  const code = result.case === 'error' ? ` ${result.value.code}` : '';
  const until = result.case === 'tokenRefreshed' ? ` ${result.value.tokenExpiresAtMs}` : '';
  return `${replyTo} ${result.case}${code}${until}`;
}

/** The bytes of a client's frame. */
export function frameOf(id: number, body: ClientFrame['body']): Uint8Array {
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, { id, body }));
}

/** The sessions of a node in memory, whose client is warned a minute ahead, with a clock that a test moves on. */
export function expiringSessions(verifier: TokenVerifier) {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const sessions = new Sessions(usualSessions(store, clock));
  const handlers = {
    ...unimplementedHandlers,
    ...new SessionFeature(() => sessions, verifier, { renew: () => undefined }).handlers,
  } as unknown as Handlers;
  const dispatcher = new Dispatcher({
    handlers,
    maxFrameBytes: 1_000_000,
    requestTimeoutMs: 60_000,
    // One of its own, so that the test's clock has the timers of tokens alone.
    clock: new FakeClock(),
    metrics: uncounted,
  });
  return {
    clock,
    store,
    sessions,
    dispatcher,
    signIn: async (identity: Identity) => {
      const wire = new ToldWire();
      const session = await sessions.signIn({ identity, hello: create(HelloSchema), wire });
      return { session, told: wire.told };
    },
    /** The client sends a frame. */
    send: (session: Session, id: number, body: ClientFrame['body']) =>
      dispatcher.dispatch(session, frameOf(id, body)),
  };
}

/** A session without a node around it. */
export function loneSession(clock: FakeClock, identity: Identity) {
  const wire = new ToldWire();
  const session = new Session({
    ref: { userId: identity.userId, sessionId: randomUUID() },
    gen: 1,
    node: 'a',
    joins: new Map(),
    identity,
    ...usualSecret,
    wire,
    clock,
    log: quietLog,
    ...usualLimits(),
    acknowledger: new Acknowledger(clock, 40),
  });
  return { session, told: wire.told };
}
