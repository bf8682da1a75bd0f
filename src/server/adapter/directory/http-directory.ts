import type { JsonValue } from '@bufbuild/protobuf';
import type { RoomRecord } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import type { Directory, JoinDecision } from '../../port/directory.ts';
import type { Log } from '../../port/log.ts';
import { acceptedRecord } from './accepted-record.ts';
import { directoryUnavailable } from './directory-unavailable.ts';
import { readHttpRoomRecord } from './http-room-record.ts';

export interface HttpDirectoryOptions {
  /** Where `/internal/rooms/:id` is found; may have a path of its own. */
  readonly baseUrl: string;
  /** How long one call may take, in milliseconds, its body included. */
  readonly deadlineMs: number;
  /** Hears of records that are refused. Absent: nobody does. */
  readonly log?: Pick<Log, 'warn'>;
}

/**
 * A Directory that is no more than `GET {baseUrl}/internal/rooms/:id`, answered with a room's JSON or 404. It knows no users,
 * and lets everyone in whom the room's policy does.
 */
export class HttpDirectory implements Directory {
  readonly #rooms: string;
  readonly #deadlineMs: number;
  readonly #log: Pick<Log, 'warn'> | undefined;

  constructor(options: HttpDirectoryOptions) {
    this.#rooms = `${options.baseUrl.replace(/\/+$/, '')}/internal/rooms/`;
    this.#deadlineMs = options.deadlineMs;
    this.#log = options.log;
  }

  async getRoom(roomId: string): Promise<RoomRecord | undefined> {
    // Both are ids, but in a path they mean another place, escaped or not.
    if (roomId === '.' || roomId === '..') return undefined;
    const signal = AbortSignal.timeout(this.#deadlineMs);
    try {
      const response = await fetch(this.#rooms + encodeURIComponent(roomId), {
        headers: { accept: 'application/json' },
        signal,
      });
      if (response.ok) {
        const record = readHttpRoomRecord(roomId, (await response.json()) as JsonValue);
        return acceptedRecord(record, this.#log);
      }
      await response.body?.cancel();
      if (response.status === 404) return undefined;
      throw new Error(`the Directory answered with status ${response.status}`);
    } catch (thrown) {
      throw directoryUnavailable(signal.aborted ? this.#deadlineMs : undefined, thrown);
    }
  }

  authorizeJoin(): Promise<JoinDecision> {
    return Promise.resolve({ allowed: true });
  }

  getUser(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
