import type { ServerProcess } from './server-process.ts';

/** What can be asked; a snapshot goes to a path. */
export type ProbeQuestion =
  | { readonly ask: 'memory' | 'timers' | 'resources' | 'listeners' | 'usage' | 'loop' }
  | { readonly ask: 'snapshot'; readonly path: string };

/** `process.memoryUsage()` after a forced collection, in bytes. */
export interface ProcessMemory {
  /** All that the process holds of the machine's memory. */
  readonly rss: number;
  readonly heapUsed: number;
  /** What objects hold outside of the heap: buffers above all. */
  readonly external: number;
}

/** How late the event loop came, since this was asked before, in milliseconds. */
export interface LoopDelay {
  readonly maxMs: number;
  readonly p99Ms: number;
  readonly meanMs: number;
}

type Counts = Readonly<Record<string, number>>;

export interface Answers {
  readonly memory: ProcessMemory;
  readonly timers: { readonly armed: number };
  readonly resources: Counts;
  readonly listeners: Counts;
  readonly usage: ProcessMemory;
  readonly loop: LoopDelay;
  readonly snapshot: { readonly path: string };
}

/** Asks a server that was started with `isProbed`. One question at a time. */
export class ServerProbe {
  readonly #process: Pick<ServerProcess, 'ask'>;

  constructor(process: Pick<ServerProcess, 'ask'>) {
    this.#process = process;
  }

  memory(): Promise<ProcessMemory> {
    return this.#ask({ ask: 'memory' });
  }

  /** How many timers it waits for, whether they keep it alive or not. */
  async timers(): Promise<number> {
    return (await this.#ask({ ask: 'timers' })).armed;
  }

  /** What keeps its event loop going: how many of each kind, as `process.getActiveResourcesInfo()` names them. */
  resources(): Promise<Counts> {
    return this.#ask({ ask: 'resources' });
  }

  /** How many listeners the process and its servers have, by emitter and event. */
  listeners(): Promise<Counts> {
    return this.#ask({ ask: 'listeners' });
  }

  /** The same after one collection, which holds a busy process up for less. */
  usage(): Promise<ProcessMemory> {
    return this.#ask({ ask: 'usage' });
  }

  loopDelay(): Promise<LoopDelay> {
    return this.#ask({ ask: 'loop' });
  }

  /** Writes a heap snapshot after a forced collection. The process does nothing else meanwhile. */
  async writeSnapshot(path: string): Promise<void> {
    await this.#ask({ ask: 'snapshot', path });
  }

  async #ask<Ask extends keyof Answers>(question: ProbeQuestion & { ask: Ask }): Promise<Answers[Ask]> {
    return (await this.#process.ask(question)) as Answers[Ask];
  }
}
