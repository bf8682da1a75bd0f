import { create, toJson } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RoomAccess, type RoomRecord, RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../gen/parley/signal/v1/room_pb.ts';
import type { Directory } from '../../src/server/port/directory.ts';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';

/** How long a Directory under test may take for one call, in milliseconds. */
export const deadlineMs = 2_000;

/** What the service behind the Directory says of a room that it fails on. It must not come through. */
export const upstreamText = 'relation "rooms" does not exist at 10.0.0.7';

/** The rooms that the service behind the Directory knows. */
export const knownRooms: readonly RoomRecord[] = [
  create(RoomRecordSchema, {
    roomId: 'lecture',
    mode: RoomMode.SFU,
    metadata: { title: 'Lecture', ключ: '値' },
    policy: {
      access: RoomAccess.GRANT,
      capacity: 200,
      permissions: { subscribe: true, chat: true },
      creatorIsHost: true,
      p2pFallback: true,
      sfuAbovePeers: 4,
    },
  }),
  create(RoomRecordSchema, {
    roomId: 'a~b.c_d-e',
    mode: RoomMode.P2P,
    policy: {
      access: RoomAccess.OPEN,
      createOnJoin: true,
      permissions: { publish: true, subscribe: true, chat: true, relay: true },
    },
  }),
];

/** The service fails on this room, and never answers about that one. */
export const failingRoom = 'failing';
export const stalledRoom = 'stalled';

/** A Directory under test over a real service. `die` takes the service away; `close` fails on anything left open. */
export interface DirectoryFixture {
  readonly directory: Directory;
  die(): Promise<void>;
  close(): Promise<void>;
}

/** The refusal that a call ends with. Fails where there is none. */
export async function refusalOf(call: Promise<unknown>): Promise<SignalError> {
  const outcome = await call.then(
    (value) => new Error(`not refused: ${String(value)}`),
    (thrown: unknown) => thrown,
  );
  if (outcome instanceof SignalError) return outcome;
  throw outcome;
}

/** What every Directory keeps, whatever service is behind it. */
export function directoryContract(name: string, make: () => Promise<DirectoryFixture>): void {
  describe(`Directory: ${name}`, () => {
    let fixture: DirectoryFixture;
    let directory: Directory;
    beforeEach(async () => {
      fixture = await make();
      directory = fixture.directory;
    });
    afterEach(() => fixture.close());

    test('R4: a room comes with mode, policy and metadata', async () => {
      for (const known of knownRooms) {
        const record = await directory.getRoom(known.roomId);
        expect(record && toJson(RoomRecordSchema, record)).toEqual(toJson(RoomRecordSchema, known));
      }
    });

    test('R4: a room that the service does not know is no error', async () => {
      for (const roomId of ['nowhere', '.', '..', '__proto__', 'x'.repeat(128)]) {
        expect(await directory.getRoom(roomId)).toBeUndefined();
      }
    });

    test('R4: a service that fails is DIRECTORY_UNAVAILABLE, and its text stays here', async () => {
      const refusal = await refusalOf(directory.getRoom(failingRoom));
      expect(refusal.code).toBe(ErrorCode.DIRECTORY_UNAVAILABLE);
      expect(refusal.retryable).toBe(true);
      expect(refusal.cause).toBeInstanceOf(Error);
      expect(refusal.message).toBe('the Directory can not be asked for the moment');
    });

    test('R4: a service that does not answer is given up at the deadline', async () => {
      const startedMs = performance.now();
      const refusal = await refusalOf(directory.getRoom(stalledRoom));
      expect(performance.now() - startedMs).toBeGreaterThan(deadlineMs - 20);
      expect(performance.now() - startedMs).toBeLessThan(deadlineMs + 1_500);
      expect(refusal.code).toBe(ErrorCode.DIRECTORY_UNAVAILABLE);
      expect(refusal.message).toBe(`the Directory did not answer within ${deadlineMs} ms`);
      expect(await directory.getRoom('lecture')).toBeDefined();
    });

    test('R4: a service that dies is DIRECTORY_UNAVAILABLE in every call that follows', async () => {
      await directory.getRoom('lecture');
      await fixture.die();
      for (let calls = 0; calls < 3; calls++) {
        const refusal = await refusalOf(directory.getRoom('lecture'));
        expect(refusal.code).toBe(ErrorCode.DIRECTORY_UNAVAILABLE);
        expect(refusal.retryable).toBe(true);
      }
    });

    test('many calls at once each get their own answer', async () => {
      const ids = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? 'nowhere' : 'lecture'));
      const records = await Promise.all(ids.map((roomId) => directory.getRoom(roomId)));
      expect(records.map((record) => record?.roomId ?? 'nowhere')).toEqual(ids);
    });
  });
}
