import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../program/eventually.ts';
import { foundPortInUse, onFreePort, randomPort } from '../program/on-free-port.ts';
import { Program } from '../program/program.ts';

export interface LoadBalancer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What it logged last. */
  readonly log: () => string;
  stop(): Promise<void>;
}

/** `HOST:PORT` by `HOST:PORT`: where a server of the configuration really is. */
export type Addresses = ReadonlyMap<string, string>;

const startTimeoutMs = 10_000;
const stopTimeoutMs = 5_000;

/**
 * HAProxy with a configuration file, on a free port of loopback in place of that of its `bind`. Resolves when a server of it is
 * up. Rejects where `addresses` and the configuration do not name the same servers.
 */
export async function startLoadBalancer(configFile: string, addresses: Addresses): Promise<LoadBalancer> {
  const config = withAddresses(await readFile(configFile, 'utf8'), addresses);
  return await onFreePort(() => start(config, randomPort()));
}

async function start(config: string, port: number): Promise<LoadBalancer | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-haproxy-'));
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, config.replace(/^( *bind ).*$/m, `$1127.0.0.1:${port}`));
  // `-db`: it stays this process. It says nothing when it is up.
  const haproxy = await Program.start('haproxy', ['-db', '-f', file]);
  const stop = async () => {
    await haproxy.end(stopTimeoutMs);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await eventually('a server of the load balancer is up', () => answers(url, haproxy), startTimeoutMs);
  } catch (error) {
    await stop();
    throw new Error(haproxy.output, { cause: error });
  }
  if (!haproxy.hasEnded) return { url, log: () => haproxy.output, stop };
  await stop();
  if (foundPortInUse(haproxy)) return undefined;
  throw new Error(`haproxy ended at its start:\n${haproxy.output}`);
}

/** Also true when it ended, so that nobody waits for it. HAProxy itself answers 503 while none of its servers is up. */
async function answers(url: string, haproxy: Program): Promise<true | undefined> {
  if (haproxy.hasEnded) return true;
  const { status } = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
  return status === 200 || undefined;
}

function withAddresses(config: string, addresses: Addresses): string {
  const named = new Set<string>();
  const text = config.replaceAll(/^( *server \S+ )(\S+)/gm, (_all, before: string, address: string) => {
    named.add(address);
    return before + (addresses.get(address) ?? address);
  });
  const odd = [...named].filter((address) => !addresses.has(address));
  odd.push(...[...addresses.keys()].filter((address) => !named.has(address)));
  if (odd.length > 0) throw new Error(`in the load balancer's configuration or out of it: ${odd.join(', ')}`);
  return text;
}
