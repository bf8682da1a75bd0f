import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ServerProbe } from '../../server-process/server-probe.ts';
import type { Nodes } from '../nodes/nodes.ts';

/** What it says of a run how late event loops came: whether the machine let nodes and clients do what they should. */
export const lateFigures = {
  nodes_late_ms: 'ms that the event loop of a node came late at most',
  clients_late_ms: 'the same of the process that all clients are in',
} as const;

export type Late = Readonly<Record<keyof typeof lateFigures, number>>;

const msPerNs = 1e-6;

/** Watches how late the event loops of nodes and of this process come, from its start on. */
export class LoopWatch {
  readonly #own = monitorEventLoopDelay();

  static async start(nodes: Nodes): Promise<LoopWatch> {
    const watch = new LoopWatch();
    await watch.take(nodes);
    return watch;
  }

  private constructor() {
    this.#own.enable();
  }

  /** The most since the last call. */
  async take(nodes: Nodes): Promise<Late> {
    let nodesMs = 0;
    for (const { server } of nodes.running)
      nodesMs = Math.max(nodesMs, (await new ServerProbe(server.process).loopDelay()).maxMs);
    const clientsMs = this.#own.max * msPerNs;
    this.#own.reset();
    return { nodes_late_ms: Math.round(nodesMs), clients_late_ms: Math.round(clientsMs) };
  }

  stop(): void {
    this.#own.disable();
  }
}
