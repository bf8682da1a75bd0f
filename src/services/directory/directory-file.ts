import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { RoomRecord, User } from '../../../gen/parley/directory/v1/directory_pb.ts';
import { ConfigError } from '../../process/config-error.ts';
import type { Clock } from '../../shared/clock.ts';
import { DirectoryContent } from './directory-content.ts';
import { type DocumentProblem, type DocumentReading, readDirectoryDocument } from './directory-document.ts';
import type { DirectorySource, JoinAnswer } from './directory-source.ts';

/** What a directory file needs of a log. */
export interface DirectoryFileLog {
  info(event: string, fields: Readonly<Record<string, string | number>>): void;
  warn(event: string, fields: Readonly<Record<string, string | number>>): void;
  /** The keyed hash of a user id, which stands for it in a log. */
  user(userId: string): string;
}

export interface DirectoryFileOptions {
  readonly path: string;
  /** How often the file is looked at for a change, in milliseconds. */
  readonly reloadIntervalMs: number;
  readonly clock: Clock;
  readonly log: DirectoryFileLog;
}

/** Most problems of one version that are logged. */
const maxLoggedProblems = 20;

/**
 * A JSON file of rooms, users and contacts (docs/directory.md). A change takes effect at the next look at the file. A new
 * version that is broken, or a file that is gone, is logged once, and the last good version stays.
 */
export class DirectoryFile implements DirectorySource {
  readonly #options: DirectoryFileOptions;
  #content: DirectoryContent;
  #seenVersion: string;
  #cancelLook: () => void;
  #closed = false;

  private constructor(options: DirectoryFileOptions, content: DirectoryContent, version: string) {
    this.#options = options;
    this.#content = content;
    this.#seenVersion = version;
    this.#cancelLook = this.#lookLater();
  }

  /**
   * Reads the file and goes on looking at it until closed.
   *
   * @throws ConfigError that names every problem of the file by its path.
   */
  static async open(options: DirectoryFileOptions): Promise<DirectoryFile> {
    const version = await versionOf(options.path);
    const reading = await readDocument(options.path);
    if (!reading.good) {
      const right = 'should be as docs/directory.md describes';
      throw new ConfigError(
        reading.problems.map(({ path, message }) => {
          const wrong = `${options.path}: ${lineOf(path, message)}`;
          return { name: 'DIRECTORY_FILE', wrong, right };
        }),
      );
    }
    return new DirectoryFile(options, new DirectoryContent(reading.document), version);
  }

  room(roomId: string): RoomRecord | undefined {
    return this.#content.room(roomId);
  }

  authorizeJoin(roomId: string, userId: string): JoinAnswer {
    return this.#content.authorizeJoin(roomId, userId);
  }

  user(userId: string): User | undefined {
    return this.#content.user(userId);
  }

  contacts(userId: string): readonly string[] {
    return this.#content.contacts(userId);
  }

  /** Stops looking at the file. The last version that was read goes on answering. */
  close(): void {
    this.#closed = true;
    this.#cancelLook();
  }

  #lookLater(): () => void {
    return this.#options.clock.after(this.#options.reloadIntervalMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    // Asked before the reading: what changes in between is seen as a change by the next look.
    const version = await versionOf(this.#options.path);
    if (version !== this.#seenVersion) {
      this.#seenVersion = version;
      this.#take(await readDocument(this.#options.path));
    }
    if (!this.#closed) this.#cancelLook = this.#lookLater();
  }

  #take(reading: DocumentReading): void {
    if (!reading.good) {
      this.#options.log.warn('directory.file_refused', {
        problemCount: reading.problems.length,
        problems: reading.problems
          .slice(0, maxLoggedProblems)
          .map(({ path, message }) => lineOf(this.#withoutUserIds(path), message))
          .join('; '),
      });
      return;
    }
    this.#content = new DirectoryContent(reading.document);
    this.#options.log.info('directory.file_reloaded', { rooms: Object.keys(reading.document.rooms).length });
  }

  #withoutUserIds(path: DocumentProblem['path']): DocumentProblem['path'] {
    const place = path[0] === 'users' || path[0] === 'contacts' ? 1 : path[2] === 'allow' ? 3 : -1;
    return path.map((step, index) => (index === place ? this.#options.log.user(String(step)) : step));
  }
}

function lineOf(path: DocumentProblem['path'], message: string): string {
  return path.length === 0 ? message : `${z.core.toDotPath([...path])}: ${message}`;
}

/** Changes with the file's content. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(path, { bigint: true });
    return `${ino}-${size}-${mtimeNs}`;
  } catch {
    return 'not to be read';
  }
}

async function readDocument(path: string): Promise<DocumentReading> {
  try {
    return readDirectoryDocument(await readFile(path, 'utf8'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { good: false, problems: [{ path: [], message: `can't be read: ${code}` }] };
  }
}
