import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient,
  type Transport,
} from '@connectrpc/connect';
import { DirectoryService, type RoomRecord } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import type { Directory, JoinDecision, UserProfile } from '../../port/directory.ts';
import type { Log } from '../../port/log.ts';
import { acceptedRecord } from './accepted-record.ts';
import { directoryUnavailable } from './directory-unavailable.ts';

export interface ConnectDirectoryOptions {
  /** To the Directory Service: over HTTP/2, or in-process. Whoever made it closes it. */
  readonly transport: Transport;
  /** How long one call may take, in milliseconds. */
  readonly deadlineMs: number;
  /** Hears of records that are refused. Absent: nobody does. */
  readonly log?: Pick<Log, 'warn'>;
}

/** A Directory Service as proto/parley/directory/v1/directory.proto describes it. */
export class ConnectDirectory implements Directory {
  readonly #client: Client<typeof DirectoryService>;
  readonly #deadlineMs: number;
  readonly #log: Pick<Log, 'warn'> | undefined;

  constructor(options: ConnectDirectoryOptions) {
    this.#client = createClient(DirectoryService, options.transport);
    this.#deadlineMs = options.deadlineMs;
    this.#log = options.log;
  }

  getRoom(roomId: string): Promise<RoomRecord | undefined> {
    return this.#ask(async (options) => {
      const { room } = await this.#client.getRoom({ roomId }, options);
      if (room === undefined) return undefined;
      room.roomId = roomId;
      return acceptedRecord(room, this.#log);
    });
  }

  async authorizeJoin(roomId: string, userId: string): Promise<JoinDecision> {
    const answer = await this.#ask((options) => this.#client.authorizeJoin({ roomId, userId }, options));
    if (answer === undefined) return { allowed: false, reason: 'There is no such room.' };
    if (!answer.allowed) return { allowed: false, reason: answer.reason };
    return answer.permissions === undefined
      ? { allowed: true }
      : { allowed: true, permissions: answer.permissions };
  }

  async getUser(userId: string): Promise<UserProfile | undefined> {
    const answer = await this.#ask((options) => this.#client.getUsers({ userIds: [userId] }, options));
    const user = answer?.users.find((candidate) => candidate.userId === userId);
    return user && { displayName: user.displayName, avatarUrl: user.avatarUrl };
  }

  /** The answer; undefined where the Directory knows nothing of what was asked. */
  async #ask<Answer>(call: (options: CallOptions) => Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await call({ timeoutMs: this.#deadlineMs });
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      if (error.code === Code.NotFound) return undefined;
      throw directoryUnavailable(error.code === Code.DeadlineExceeded ? this.#deadlineMs : undefined, error);
    }
  }
}
