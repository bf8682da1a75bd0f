import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createRouterTransport } from '@connectrpc/connect';
import { type Config, readConfig } from './process/config.ts';
import { ConfigError } from './process/config-error.ts';
import { DevelopmentTokens } from './process/development-tokens.ts';
import { createLog } from './process/pino-log.ts';
import { stopOnSignal } from './process/stop.ts';
import { TokenIssuer } from './process/token-issuer.ts';
import { loadTokenKeys } from './process/token-keys.ts';
import { startNode } from './server/main.ts';
import { openDirectory } from './services/directory/main.ts';

/** `npm start`: a node and the services that are not configured elsewhere, in one process. */
async function start(): Promise<void> {
  const config = readConfig(process.env, { isTerminal: process.stdout.isTTY });
  const log = await createLog({ ...config.log, fields: { node: config.nodeId } });
  const tokenKeys = await loadTokenKeys(config.auth.keys, config.dataDir);
  const directory = await openDirectory(config, log);
  const isOpen = config.auth.keys.kind === 'development' && tokenKeys.kind === 'secret';
  const node = await startNode({
    config,
    version: await packageVersion(),
    log,
    tokenKeys,
    ...(directory && { embeddedDirectory: createRouterTransport(directory.routes) }),
    ...(isOpen && { developmentTokens: developmentTokens(config, tokenKeys.secret) }),
    ...(config.listen.tls && { tls: await readCertificate(config.listen.tls) }),
    pagesFolder: fileURLToPath(
      new URL(import.meta.url.endsWith('.ts') ? '../dist/web' : '../web', import.meta.url),
    ),
  });
  log.info('process.listening', { url: node.url, environment: config.environment });
  if (config.environment === 'development') log.info('process.demo', { open: node.url });
  stopOnSignal(
    [
      { name: 'node', close: () => node.close(config.stopTimeoutMs / 2) },
      { name: 'directory', close: () => directory?.close() },
    ],
    { deadlineMs: config.stopTimeoutMs, log },
  );
}

function developmentTokens({ auth }: Config, secret: string): DevelopmentTokens {
  const { issuer, audience, userIdClaim } = auth;
  return new DevelopmentTokens(new TokenIssuer({ secret, issuer, audience, userIdClaim }));
}

async function readCertificate(files: { readonly certFile: string; readonly keyFile: string }) {
  const [cert, key] = await Promise.all([readFile(files.certFile, 'utf8'), readFile(files.keyFile, 'utf8')]);
  return { cert, key };
}

async function packageVersion(): Promise<string> {
  const root = new URL(
    import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
    import.meta.url,
  );
  const { version } = JSON.parse(await readFile(root, 'utf8')) as { readonly version: string };
  return version;
}

start().catch((error: unknown) => {
  if (error instanceof ConfigError) console.error(error.message);
  else console.error(error);
  process.exit(1);
});
