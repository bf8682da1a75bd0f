import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { logOutput } from './log-output.ts';
import { serializeError } from './serialize-error.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** The server's port `Log`, in a shape of its own, since every process logs. */
export interface Log {
  readonly debugEnabled: boolean;
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, error: unknown, fields?: LogFields): void;
  child(fields: LogFields): Log;
  user(userId: string): string;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `pretty` falls back to `json` where pino-pretty is not installed. */
  readonly format: 'json' | 'pretty';
  /** What user ids are hashed with. Absent: a random key for the life of the process. */
  readonly hashKey?: string | undefined;
  /** Stands in every line. */
  readonly fields?: LogFields;
  /** Where the lines go. Default: standard output. */
  readonly destination?: DestinationStream;
}

/** Names of fields that must never have been given: what they hold is cut out. */
const forbiddenFields = [
  ...['token', 'access_token', 'accessToken', 'join_token', 'joinToken', 'authorization', 'cookie', 'secret'],
  ...['session_secret', 'sessionSecret', 'password', 'credential', 'sdp', 'candidate', 'content'],
];

/** Makes a log: one line an event, with its name in `event` and the fields beside it. */
export async function createLog(options: LogOptions): Promise<Log> {
  const loggerOptions: LoggerOptions = {
    level: options.level,
    messageKey: 'event',
    errorKey: 'error',
    base: { ...options.fields },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (level) => ({ level }) },
    serializers: { error: serializeError },
    redact: { paths: forbiddenFields.map((name) => `["${name}"]`), censor: '[cut]' },
  };
  const onDropped = (lines: number) => logger.warn({ lines }, 'log.dropped');
  const destination = options.destination ?? logOutput({ onDropped });
  const pretty = options.format === 'pretty' ? await prettyLines(destination) : undefined;
  const logger: Logger = pino(loggerOptions, pretty ?? destination);
  // As a key object: bytes would be made one again for each user.
  const { hashKey } = options;
  const key = hashKey === undefined ? randomBytes(32) : Buffer.from(hashKey, 'utf8');
  return new PinoLog(logger, createSecretKey(key));
}

/** Lines for people; undefined where pino-pretty is not installed, as in production. */
async function prettyLines(destination: DestinationStream): Promise<DestinationStream | undefined> {
  const pretty = await import('pino-pretty').catch(() => undefined);
  if (pretty === undefined) return undefined;
  // The factory and not the stream: what was logged is passed on when the call returns, also right before an exit.
  const toText = pretty.prettyFactory({
    messageKey: 'event',
    errorLikeObjectKeys: ['error'],
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'node',
    singleLine: true,
  });
  return { write: (line) => destination.write(toText(line)) };
}

class PinoLog implements Log {
  readonly debugEnabled: boolean;
  readonly #logger: Logger;
  readonly #hashKey: KeyObject;

  constructor(logger: Logger, hashKey: KeyObject) {
    this.#logger = logger;
    this.#hashKey = hashKey;
    this.debugEnabled = logger.isLevelEnabled('debug');
  }

  debug(event: string, fields: LogFields = {}): void {
    this.#logger.debug(fields, event);
  }

  info(event: string, fields: LogFields = {}): void {
    this.#logger.info(fields, event);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#logger.warn(fields, event);
  }

  error(event: string, error: unknown, fields: LogFields = {}): void {
    this.#logger.error({ ...fields, error }, event);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(fields), this.#hashKey);
  }

  user(userId: string): string {
    return createHmac('sha256', this.#hashKey).update(userId).digest('hex').slice(0, 12);
  }
}
