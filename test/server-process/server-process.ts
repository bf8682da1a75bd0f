import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { recordLogLine } from '../reporter/run-record.ts';

export interface ServerProcess {
  readonly pid: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Resolves when the process has ended, whoever wanted it: to its exit code, or to nothing where a signal ended it. */
  readonly ended: Promise<number | undefined>;
  /**
   * Asks what the process answers by a channel of its own (see `probe.ts`). Rejects where it ends before its answer, or gives
   * none in a minute.
   */
  ask(question: object): Promise<unknown>;
  /** Resolves when it has ended: by itself after a SIGTERM, or killed where that took too long. */
  stop(): Promise<void>;
}

/** A line of the server's log. */
export interface LogEntry {
  readonly event?: string;
  readonly level?: string;
  readonly node?: string;
  /** Of a session: above 1 where it came back. */
  readonly gen?: number;
  readonly url?: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const stopTimeoutMs = 15_000;
const answerTimeoutMs = 60_000;

/**
 * Starts a server as a process of its own, by `node` with these arguments and only this environment, on a free port of
 * loopback. It prints JSON lines, one of them with the event `process.listening` and its `url`; `onEntry` gets each.
 * `hasChannel`: it can be asked.
 */
export async function startServerProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onEntry: (entry: LogEntry) => void = () => undefined,
  { hasChannel = false }: { readonly hasChannel?: boolean } = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit', ...(hasChannel ? (['ipc'] as const) : [])],
  });
  const { stdout } = child;
  if (stdout === null) throw new Error('the process has no standard output');
  const ended = once(child, 'close').then(([code]) => (code as number | null) ?? undefined);
  const listening = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      recordLogLine(line);
      const entry = JSON.parse(line) as LogEntry;
      onEntry(entry);
      if (entry.event === 'process.listening' && entry.url !== undefined) resolve(entry.url);
    });
  });
  const url = await Promise.race([listening, ended.then(() => undefined)]);
  if (url === undefined || child.pid === undefined) throw new Error(`${args.join(' ')}: ended at its start`);
  return {
    pid: child.pid,
    url: url.replace('localhost', '127.0.0.1'),
    ended,
    ask: (question) => ask(child, question),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function ask(child: ChildProcess, question: object): Promise<unknown> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('no answer in time')), answerTimeoutMs);
  const end = () => silence.abort(new Error('the process ended before its answer'));
  child.once('close', end);
  try {
    const answered = once(child, 'message', { signal: silence.signal });
    child.send(question);
    const [answer] = (await answered) as [unknown];
    return answer;
  } finally {
    clearTimeout(timer);
    child.off('close', end);
  }
}
