import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComposeFile, type ComposeService, readComposeFile } from '../compose/compose-file.ts';
import { startAll } from '../program/start-all.ts';
import { inSync } from '../redis/in-sync.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { type ServerProcess, startServerProcess } from '../server-process/server-process.ts';
import { startCommand } from '../server-process/start-command.ts';
import { type LoadBalancer, startLoadBalancer } from './load-balancer.ts';

/** What a compose file describes, as processes on free ports of loopback. */
export interface SeveralNodes {
  /** By the names of their services. */
  readonly nodes: ReadonlyMap<string, ServerProcess>;
  readonly redis: ReadonlyMap<string, RedisServer>;
  readonly loadBalancer: LoadBalancer;
  stop(): Promise<void>;
}

/** `HOST:PORT` in the compose file, and where that really is. */
type Addresses = Map<string, string>;

const redisPort = '6379';

/**
 * Starts the services of a compose file: those that are built here from `dist/`, those of the images redis and haproxy as the
 * programs of this system, each with its environment, command or configuration. Rejects where one does not start.
 */
export async function startSeveralNodes(
  composeFile: string,
  values: Readonly<Record<string, string>>,
): Promise<SeveralNodes> {
  const { services } = readComposeFile(composeFile, values);
  const folder = await mkdtemp(join(tmpdir(), 'parley-nodes-'));
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.toReversed()) await part.stop();
    await rm(folder, { recursive: true, force: true });
  };
  const addresses: Addresses = new Map();
  try {
    const redis = new Map<string, RedisServer>();
    for (const [name, service] of inOrder(services, 'redis')) {
      const server = await startRedis(service, redis);
      started.push(server);
      redis.set(name, server);
      addresses.set(`${name}:${redisPort}`, `127.0.0.1:${server.port}`);
    }
    const built = Object.entries(services).filter(([, { build }]) => build);
    const processes = await startAll(built, ([name, { environment = {} }]) =>
      startNode(environment, addresses, join(folder, name)),
    );
    started.push(...processes);
    const nodes = new Map(processes.map((node, index) => [built[index]?.[0] ?? '', node]));
    const loadBalancer = await startBalancer(join(composeFile, '..'), services, nodes);
    started.push(loadBalancer);
    return { nodes, redis, loadBalancer, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Those of an image, and those that wait for others after them. */
function inOrder(services: ComposeFile['services'], image: string): readonly [string, ComposeService][] {
  return Object.entries(services)
    .filter(([, service]) => service.image?.startsWith(`${image}:`))
    .sort(([, one], [, other]) => Number('depends_on' in one) - Number('depends_on' in other));
}

/** With the options of its command; the primary of a replica is one of those that run. */
async function startRedis(
  { command = [] }: ComposeService,
  running: ReadonlyMap<string, RedisServer>,
): Promise<RedisServer> {
  const [program, ...args] = command;
  if (program !== 'redis-server') throw new Error(`the command is ${String(program)}`);
  const options = args.join(' ').split(/ ?--/).slice(1);
  const [, primaryName] = /^replicaof (\S+) 6379$/.exec(options.find(isReplicaOf) ?? '') ?? [];
  const config = options.filter((option) => !isReplicaOf(option));
  if (primaryName === undefined) return await RedisServer.start({ config });
  const primary = running.get(primaryName);
  if (primary === undefined) throw new Error(`${primaryName} is no Redis before its replica`);
  const replica = await RedisServer.start({ config, replicaOf: primary });
  await inSync(replica, primary);
  return replica;
}

function isReplicaOf(option: string): boolean {
  return option.startsWith('replicaof ');
}

async function startNode(
  environment: Readonly<Record<string, string>>,
  addresses: Addresses,
  dataDir: string,
): Promise<ServerProcess> {
  const replaced = Object.entries(environment).map(([name, value]) => [
    name,
    value.replace(/(?<=^redis:\/\/)[^/]+/, (address) => addressOf(addresses, address)),
  ]);
  return await startServerProcess([...startCommand.flags, startCommand.program], {
    ...(Object.fromEntries(replaced) as Record<string, string>),
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
  });
}

function addressOf(addresses: Addresses, address: string): string {
  const found = addresses.get(address);
  if (found === undefined) throw new Error(`${address} is no service`);
  return found;
}

async function startBalancer(
  root: string,
  services: ComposeFile['services'],
  nodes: ReadonlyMap<string, ServerProcess>,
): Promise<LoadBalancer> {
  const [, service] = inOrder(services, 'haproxy')[0] ?? [];
  const [file] = service?.volumes?.[0]?.split(':') ?? [];
  if (file === undefined) throw new Error('there is no configuration of a load balancer');
  const addresses = new Map<string, string>();
  for (const [name, { url }] of nodes) {
    addresses.set(`${name}:${services[name]?.environment?.['PORT'] ?? ''}`, new URL(url).host);
  }
  return await startLoadBalancer(join(root, file), addresses);
}
