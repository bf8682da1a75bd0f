/** Something that must end before the process does. */
export interface Closer {
  readonly name: string;
  /** `signal` aborts when the deadline has passed. */
  close(signal: AbortSignal): Promise<void> | void;
}

export interface StopOptions {
  /** How long all closers together may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly log: {
    info(event: string, fields?: Readonly<Record<string, string | number>>): void;
    error(event: string, error: unknown, fields?: Readonly<Record<string, string | number>>): void;
  };
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Ends the process well on SIGTERM and SIGINT: runs the closers one after the other, then exits with 0. Exits with 1 when
 * the deadline passes first, when a closer failed (the others still run), or at a second signal.
 * The returned function takes this back.
 */
export function stopOnSignal(closers: readonly Closer[], { deadlineMs, log }: StopOptions): () => void {
  let isStopping = false;
  const onSignal = (signal: string) => {
    // Whoever asks twice does not want to wait.
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info('process.stopping', { signal, deadlineMs });
    void closeAll(closers, deadlineMs, log).then((closedWell) => {
      log.info('process.stopped');
      process.exit(closedWell ? 0 : 1);
    });
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** Whether all closed in time and without a failure. Never rejects. */
async function closeAll(
  closers: readonly Closer[],
  deadlineMs: number,
  log: StopOptions['log'],
): Promise<boolean> {
  const deadline = new AbortController();
  let closing = '';
  let failures = 0;
  const inOrder = async () => {
    for (const closer of closers) {
      closing = closer.name;
      try {
        await closer.close(deadline.signal);
      } catch (error) {
        failures += 1;
        log.error('process.close_failed', error, { part: closer.name });
      }
      if (deadline.signal.aborted) return;
    }
  };
  const timer = setTimeout(() => deadline.abort(), deadlineMs);
  const passed = new Promise<void>((resolve) => {
    deadline.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([inOrder(), passed]);
  clearTimeout(timer);
  if (deadline.signal.aborted) {
    log.error('process.stop_overdue', new Error(`stopping took more than ${deadlineMs} ms`), {
      part: closing,
    });
  }
  return failures === 0 && !deadline.signal.aborted;
}
