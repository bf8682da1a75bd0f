import { Server } from 'node:https';
import type { Clock } from '../shared/clock.ts';
import type { Config } from './config.ts';
import type { Log } from './pino-log.ts';
import type { TlsCertificate } from './tls-certificate.ts';
import { TlsWatch } from './tls-watch.ts';

export interface WatchTlsOptions {
  readonly config: Config;
  /** What was read from the files at start. Absent: plain HTTP. */
  readonly tls?: TlsCertificate;
  /** The server that the certificate is for, or one of plain HTTP. */
  readonly server: object;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** Keeps a server's certificate as its files are; warns where production has none, and no proxy that could. */
export function watchTls({ config, tls, server, clock, log }: WatchTlsOptions): TlsWatch | undefined {
  const { tls: files, trustProxy } = config.listen;
  if (tls === undefined || files === undefined) {
    if (config.environment === 'production' && trustProxy === false) {
      log.warn('tls.absent', { set: 'TLS_CERT and TLS_KEY, or TRUST_PROXY where a proxy ends TLS' });
    }
    return undefined;
  }
  const watch = new TlsWatch({
    files,
    loaded: tls,
    intervalMs: files.reloadIntervalMs,
    clock,
    log,
    onChange: ({ cert, key }) => {
      // Connections that are there keep what they agreed on.
      if (server instanceof Server) server.setSecureContext({ cert, key });
    },
  });
  watch.start();
  return watch;
}
