import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';

const keptLines = 200;
const shownLines = 20;
const running = new Set<Program>();

// What a run leaves behind when it ends by itself is no burden to the machine.
process.once('exit', () => {
  for (const program of running) program.signal('SIGKILL');
});

/** A program of the system (redis-server, haproxy) as a process of a test, with its output. Whoever starts it ends it. */
export class Program {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended and all of its output is here. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #heard = new EventEmitter();
  #hasEnded = false;

  private constructor(name: string, child: ChildProcess, pid: number) {
    this.name = name;
    this.pid = pid;
    this.#child = child;
    // Whoever waits hears of a line each, so there is no number of them that would be a leak.
    this.#heard.setMaxListeners(0);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#keep(line));
    }
    this.ended = once(child, 'close').then(() => {
      this.#hasEnded = true;
      running.delete(this);
      this.#heard.emit('end');
    });
    running.add(this);
  }

  /** Rejects where there is no such program. */
  static async start(name: string, args: readonly string[]): Promise<Program> {
    const child = spawn(name, args, {
      // Debian has haproxy where only root looks.
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid === undefined) throw (await once(child, 'error'))[0];
    return new Program(name, child, child.pid);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The last lines that it wrote. */
  get output(): string {
    return this.#lines.slice(-shownLines).join('\n');
  }

  /** Whether it wrote this, within the last 200 lines. */
  wrote(pattern: RegExp): boolean {
    return this.#lines.some((line) => pattern.test(line));
  }

  /** Resolves when it wrote a line like this. Rejects, with its last lines, where it ends without or takes longer. */
  async line(pattern: RegExp, withinMs: number): Promise<void> {
    const tooLate = AbortSignal.timeout(withinMs);
    while (!this.wrote(pattern)) {
      if (this.#hasEnded) throw new Error(`${this.name} ended without ${String(pattern)}:\n${this.output}`);
      const stop = new AbortController();
      const signal = AbortSignal.any([tooLate, stop.signal]);
      try {
        await Promise.race([once(this.#heard, 'line', { signal }), once(this.#heard, 'end', { signal })]);
      } catch {
        throw new Error(`${this.name} took over ${withinMs} ms for ${String(pattern)}:\n${this.output}`);
      } finally {
        stop.abort();
      }
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it by SIGTERM, also when it is stopped, and by SIGKILL where that takes longer. Harmless when it has ended. */
  async end(graceMs: number): Promise<void> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
    this.#heard.emit('line');
  }
}

/** Kills every program that still runs, and says which those were. */
export async function killRunningPrograms(): Promise<readonly string[]> {
  const left = [...running];
  for (const program of left) program.signal('SIGKILL');
  await Promise.all(left.map((program) => program.ended));
  return left.map(({ name, pid }) => `${name} ${pid}`);
}
