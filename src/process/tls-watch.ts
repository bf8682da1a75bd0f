import { readFile } from 'node:fs/promises';
import type { Clock } from '../shared/clock.ts';
import type { Log } from './pino-log.ts';
import { loadTlsCertificate, type TlsCertificate, type TlsFiles } from './tls-certificate.ts';

export interface TlsWatchOptions {
  readonly files: TlsFiles;
  /** What was read from them at start. */
  readonly loaded: TlsCertificate;
  /** How often the files are looked at, in milliseconds. */
  readonly intervalMs: number;
  /** How long new files may be no good before that is logged, in milliseconds: certificate and key come one after the other. Default: 5,000. */
  readonly settleMs?: number;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Takes a new pair, which has been checked. */
  readonly onChange: (certificate: TlsCertificate) => void;
}

/** New files that can't be served with, since when, and whether that was logged. */
interface Broken {
  readonly content: string;
  readonly sinceMs: number;
  isLogged: boolean;
}

const dayMs = 24 * 3_600_000;
/** A certificate that is good for less than this is warned of, once a day. */
const warningMs = 14 * dayMs;

/**
 * Looks after a server's certificate while it runs: takes new files up, and warns of one that expires soon. It reads the files
 * themselves, since they are replaced in many ways: by a rename, or by a link to another folder further up (Kubernetes, certbot),
 * of which a watch of the file hears nothing. New files that are no good change nothing, and are logged once.
 */
export class TlsWatch {
  readonly #options: TlsWatchOptions;
  #current: TlsCertificate;
  #broken: Broken | undefined;
  /** When it was warned of last, by the monotonic clock. */
  #warnedAtMs = -Infinity;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(options: TlsWatchOptions) {
    this.#options = options;
    this.#current = options.loaded;
  }

  start(): void {
    this.#warnOfExpiry();
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #next(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(this.#options.intervalMs, () => {
      void this.#look().finally(() => this.#next());
    });
  }

  async #look(): Promise<void> {
    const content = await this.#content();
    if (content === contentOf(this.#current)) this.#broken = undefined;
    else if (content !== this.#broken?.content || !this.#broken.isLogged) await this.#take(content);
    this.#warnOfExpiry();
  }

  async #take(content: string): Promise<void> {
    const { files, onChange, log } = this.#options;
    try {
      const found = await loadTlsCertificate(files);
      // A file that was away for the moment may be back as it was.
      if (this.#isStopped || contentOf(found) === contentOf(this.#current)) return;
      onChange(found);
      this.#current = found;
      this.#broken = undefined;
      this.#warnedAtMs = -Infinity;
      log.info('tls.reloaded', described(found));
    } catch (error) {
      this.#noteBroken(content, error);
    }
  }

  #noteBroken(content: string, error: unknown): void {
    const { clock, settleMs = 5_000, log } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#broken?.content !== content) this.#broken = { content, sinceMs: nowMs, isLogged: false };
    if (nowMs - this.#broken.sinceMs < settleMs) return;
    this.#broken.isLogged = true;
    log.error('tls.reload_failed', error, { kept: this.#current.fingerprint });
  }

  /** Both files as they are, also where one can't be read. */
  async #content(): Promise<string> {
    const { certFile, keyFile } = this.#options.files;
    const unreadable = (error: unknown) => String(error);
    const [cert, key] = await Promise.all([
      readFile(certFile, 'utf8').catch(unreadable),
      readFile(keyFile, 'utf8').catch(unreadable),
    ]);
    return contentOf({ cert, key });
  }

  #warnOfExpiry(): void {
    const { clock, log } = this.#options;
    const leftMs = this.#current.expiresAtMs - clock.now();
    const nowMs = clock.monotonicMs();
    if (leftMs > warningMs || nowMs - this.#warnedAtMs < dayMs) return;
    this.#warnedAtMs = nowMs;
    const daysLeft = Math.max(Math.floor(leftMs / dayMs), 0);
    log.warn(leftMs > 0 ? 'tls.expiring' : 'tls.expired', { ...described(this.#current), daysLeft });
  }
}

function contentOf({ cert, key }: Pick<TlsCertificate, 'cert' | 'key'>): string {
  return `${cert}\0${key}`;
}

function described({ expiresAtMs, fingerprint }: TlsCertificate) {
  return { expiresAt: new Date(expiresAtMs).toISOString(), fingerprint };
}
