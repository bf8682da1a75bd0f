import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createRouterTransport } from '@connectrpc/connect';
import { type Config, readConfig } from './process/config.ts';
import { ConfigError } from './process/config-error.ts';
import { DevelopmentTokens } from './process/development-tokens.ts';
import { gatherProblems } from './process/gather-problems.ts';
import { createLog } from './process/pino-log.ts';
import { stopOnSignal } from './process/stop.ts';
import { loadTlsCertificate } from './process/tls-certificate.ts';
import { TokenIssuer } from './process/token-issuer.ts';
import { loadTokenKeys } from './process/token-keys.ts';
import { type SignalingNode, startNode } from './server/main.ts';
import { openDirectory } from './services/directory/main.ts';
import { ErrorCode, SignalError } from './shared/signal-error.ts';

/** `npm start`: a node and the services that are not configured elsewhere, in one process. */
async function start(): Promise<void> {
  const config = readConfig(process.env, { isTerminal: process.stdout.isTTY });
  const log = await createLog({ ...config.log, fields: { node: config.nodeId } });
  const { tls } = config.listen;
  const [tokenKeys, certificate, directory] = await gatherProblems([
    loadTokenKeys(config.auth.keys, config.dataDir),
    tls === undefined ? Promise.resolve(undefined) : loadTlsCertificate(tls),
    openDirectory(config, log),
  ]);
  const isOpen = config.auth.keys.kind === 'development' && tokenKeys.kind === 'secret';
  const stopped = new AbortController();
  const starting = startNode({
    config,
    version: await packageVersion(),
    log,
    tokenKeys,
    ...(directory && { embeddedDirectory: createRouterTransport(directory.routes) }),
    ...(isOpen && { developmentTokens: developmentTokens(config, tokenKeys.secret) }),
    ...(certificate && { tls: certificate }),
    pagesFolder: fileURLToPath(
      new URL(import.meta.url.endsWith('.ts') ? '../dist/web' : '../web', import.meta.url),
    ),
    signal: stopped.signal,
  });
  const deadlineMs = config.stopTimeoutMs;
  const giveUp = async () => {
    stopped.abort();
    await starting.then(
      (node) => node.close(deadlineMs / 2),
      () => undefined,
    );
  };
  const closeDirectory = { name: 'directory', close: () => directory?.close() };
  const hasStarted = stopOnSignal([{ name: 'start', close: giveUp }, closeDirectory], { deadlineMs, log });
  const node = await unlessStopped(starting, stopped.signal);
  if (node === undefined) return;
  hasStarted();
  log.info('process.listening', { url: node.url, environment: config.environment });
  if (config.environment === 'development') log.info('process.demo', { open: node.url });
  stopOnSignal(
    [
      { name: 'drain', close: () => node.drain() },
      { name: 'node', close: () => node.close(deadlineMs / 2) },
      closeDirectory,
    ],
    { deadlineMs: node.drainTimeoutMs + deadlineMs, log },
  );
}

/** Undefined: the process was told to stop before, as while the node waited for its store. */
async function unlessStopped(
  starting: Promise<SignalingNode>,
  signal: AbortSignal,
): Promise<SignalingNode | undefined> {
  try {
    const node = await starting;
    return signal.aborted ? undefined : node;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

function developmentTokens({ auth }: Config, secret: string): DevelopmentTokens {
  const { issuer, audience, userIdClaim } = auth;
  return new DevelopmentTokens(new TokenIssuer({ secret, issuer, audience, userIdClaim }));
}

async function packageVersion(): Promise<string> {
  const root = new URL(
    import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json',
    import.meta.url,
  );
  const { version } = JSON.parse(await readFile(root, 'utf8')) as { readonly version: string };
  return version;
}

/** What whoever starts the process can mend, so that the message says all: no stack. */
function isOperators(error: unknown): error is Error {
  return (
    error instanceof ConfigError ||
    (error instanceof SignalError && error.code === ErrorCode.INVALID_ARGUMENT)
  );
}

start().catch((error: unknown) => {
  if (isOperators(error)) console.error(error.message);
  else console.error(error);
  process.exit(1);
});
