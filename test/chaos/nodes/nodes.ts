import type { SessionTokenRequest } from '../../../src/process/token-issuer.ts';
import { startAll } from '../../program/start-all.ts';
import type { Random } from '../../seeded-run/random.ts';
import {
  type ProductionServer,
  type ProductionServerOptions,
  startProductionServer,
} from '../../server-process/production-server.ts';

export interface NodesOptions extends ProductionServerOptions {
  readonly count: number;
  /** A process ended that nobody killed. */
  readonly onLoss: () => void;
}

/** A signaling node as a process of its own. */
export interface Node {
  /** Its NODE_ID. */
  readonly name: string;
  readonly server: ProductionServer;
}

/** How long a load balancer takes to notice that a node is not ready, or does not answer, in milliseconds. */
const noticedAfterMs = 1_500;
/** Longer than a node takes by its settings, the defaults of DRAIN_TIMEOUT_MS and STOP_TIMEOUT_MS, in milliseconds. */
const drainTimeoutMs = 30_000;

/**
 * The nodes of a run. Clients find one as behind a load balancer without stickiness: by chance, anew for each connection, and for a moment
 * also one that drains or does nothing.
 */
export class Nodes {
  readonly #options: NodesOptions;
  readonly #running = new Set<Node>();
  readonly #frozen = new Set<Node>();
  /** Where connections go: those that are taken for ready. */
  readonly #listed = new Set<Node>();
  readonly #nameByPort = new Map<number, string>();

  private constructor(options: NodesOptions) {
    this.#options = options;
  }

  static async start(options: NodesOptions): Promise<Nodes> {
    const nodes = new Nodes(options);
    const names = Array.from({ length: options.count }, (_, index) => `node-${index}`);
    const servers = await startAll(names, (name) => nodes.#start(name));
    // In the order of their names, whichever listened first: chance picks by it.
    for (const [index, name] of names.entries()) nodes.#include(name, servers[index] as ProductionServer);
    return nodes;
  }

  /** Those that answer, oldest first. */
  get running(): readonly Node[] {
    return [...this.#running];
  }

  /** Where the next connection goes. Undefined: no node answers. */
  portFor(random: Random): number | undefined {
    const [first, ...others] = this.#listed;
    return first && portOf(random.pick([first, ...others]));
  }

  /** Where a WebSocket of the next connection goes. Throws where no node answers. */
  wsUrlFor(random: Random): string {
    const port = this.portFor(random);
    if (port === undefined) throw new Error('there is no node');
    return `ws://127.0.0.1:${port}/ws`;
  }

  /** Which node listens, or listened, at a port. */
  nameAt(port: number): string {
    return this.#nameByPort.get(port) ?? '';
  }

  /** A token that every node takes. */
  token(userId: string, request?: Partial<SessionTokenRequest>): Promise<string> {
    const [node] = [...this.#running, ...this.#frozen];
    if (node === undefined) throw new Error('there is no node');
    return node.server.token(userId, request);
  }

  /** Starts a node with this NODE_ID. Resolves when it listens. */
  async add(name: string): Promise<Node> {
    return this.#include(name, await this.#start(name));
  }

  #start(name: string): Promise<ProductionServer> {
    return startProductionServer({ ...this.#options, env: { ...this.#options.env, NODE_ID: name } });
  }

  #include(name: string, server: ProductionServer): Node {
    const node = { name, server };
    this.#nameByPort.set(portOf(node), name);
    this.#running.add(node);
    this.#listed.add(node);
    void server.process.ended.then(() => {
      this.#listed.delete(node);
      if (this.#running.delete(node) || this.#frozen.delete(node)) this.#options.onLoss();
    });
    return node;
  }

  /** Ends a node at once, by SIGKILL. */
  async kill(node: Node): Promise<void> {
    this.#running.delete(node);
    this.#listed.delete(node);
    process.kill(node.server.process.pid, 'SIGKILL');
    await node.server.stop();
  }

  /**
   * Tells a node to stop, by SIGTERM. Resolves when it has ended by itself, to its exit code; to nothing where it was killed because it
   * did not.
   */
  async drain(node: Node): Promise<number | undefined> {
    this.#running.delete(node);
    this.#unlistSoon(node);
    process.kill(node.server.process.pid, 'SIGTERM');
    const timer = setTimeout(() => process.kill(node.server.process.pid, 'SIGKILL'), drainTimeoutMs);
    const exitCode = await node.server.process.ended;
    clearTimeout(timer);
    await node.server.stop();
    return exitCode;
  }

  /** A node does nothing any more, until `thaw`. Its connections stay. */
  freeze(node: Node): void {
    this.#running.delete(node);
    this.#frozen.add(node);
    this.#unlistSoon(node);
    process.kill(node.server.process.pid, 'SIGSTOP');
  }

  thaw(node: Node): void {
    process.kill(node.server.process.pid, 'SIGCONT');
    this.#frozen.delete(node);
    this.#running.add(node);
    this.#listed.add(node);
  }

  /** Whether a node that listens, or listened, at a port takes connections. */
  isRunningAt(port: number): boolean {
    return this.running.some((node) => portOf(node) === port);
  }

  async stop(): Promise<void> {
    for (const node of this.#frozen) this.thaw(node);
    const nodes = this.running;
    this.#running.clear();
    await Promise.all(nodes.map(({ server }) => server.stop()));
  }

  #unlistSoon(node: Node): void {
    setTimeout(() => {
      if (!this.#running.has(node)) this.#listed.delete(node);
    }, noticedAfterMs).unref();
  }
}

/** Where a node listens, on loopback. */
export function portOf({ server }: Node): number {
  return Number(new URL(server.process.url).port);
}
