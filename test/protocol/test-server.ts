import { createRouterTransport } from '@connectrpc/connect';
import type { DestinationStream } from 'pino';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/pino-log.ts';
import { loadTlsCertificate } from '../../src/process/tls-certificate.ts';
import type { SessionTokenRequest, TokenIssuer } from '../../src/process/token-issuer.ts';
import type { LoadedTokenKeys } from '../../src/process/token-keys.ts';
import { startNode } from '../../src/server/main.ts';
import { directoryRoutes } from '../../src/services/directory/directory-service.ts';
import type { DirectorySource } from '../../src/services/directory/directory-source.ts';
import { OpenPolicy } from '../../src/services/directory/open-policy.ts';
import { RecordingIssuer } from '../reporter/recording-issuer.ts';
import { recordLogLine } from '../reporter/run-record.ts';

export type { DirectorySource };

const secret = 'a secret of the tests, at least 32 bytes long';

export interface TestServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: DirectorySource;
  /** What tokens are checked with. Default: the secret that `token` signs with. */
  readonly tokenKeys?: LoadedTokenKeys;
}

/** A node as `npm start` makes it, in this process, on a port of its own. */
export interface TestServer {
  readonly url: string;
  /** Where WebSockets go. */
  readonly wsUrl: string;
  readonly issuer: TokenIssuer;
  /** The lines of the log so far, parsed. */
  readonly logLines: Readonly<Record<string, unknown>>[];
  /** A session token that holds for an hour. */
  token(userId: string, more?: Partial<SessionTokenRequest>): Promise<string>;
  close(): Promise<void>;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const config = readConfig({
    NODE_ENV: 'test',
    PORT: '0',
    HOST: '127.0.0.1',
    JWT_SECRET: secret,
    LOG_LEVEL: 'debug',
    RECONNECTION_WINDOW_MS: '300',
    ...options.env,
  });
  const logLines: Readonly<Record<string, unknown>>[] = [];
  const destination: DestinationStream = {
    write(line) {
      logLines.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
      recordLogLine(line);
    },
  };
  const { tls } = config.listen;
  const source = options.directory ?? new OpenPolicy({ production: false });
  const node = await startNode({
    config,
    version: '0.0.0-test',
    log: await createLog({ ...config.log, destination }),
    tokenKeys: options.tokenKeys ?? { kind: 'secret', secret },
    ...(tls && { tls: await loadTlsCertificate(tls) }),
    embeddedDirectory: createRouterTransport(directoryRoutes(source)),
    pagesFolder: '/nonexistent',
  });
  const issuer = new RecordingIssuer({ secret });
  return {
    url: node.url,
    wsUrl: `${node.url.replace('http', 'ws')}/ws`,
    issuer,
    logLines,
    token: (userId, more = {}) => issuer.sessionToken({ userId, expiresInS: 3600, ...more }),
    close: () => node.close(1_000),
  };
}
