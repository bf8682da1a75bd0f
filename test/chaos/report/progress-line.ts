const intervalOnTerminalMs = 250;
const intervalMs = 5_000;

/** Tells on standard error how a run goes: one line that changes on a terminal, else a line now and then. */
export class ProgressLine {
  readonly #startedAtMs = performance.now();
  #phase = '';
  #nextAtMs = 0;

  tell(phase: string, figures: readonly string[]): void {
    const nowMs = performance.now();
    if (phase === this.#phase && nowMs < this.#nextAtMs) return;
    this.#phase = phase;
    this.#nextAtMs = nowMs + (process.stderr.isTTY ? intervalOnTerminalMs : intervalMs);
    const line = describe(phase, figures, (nowMs - this.#startedAtMs) / 1_000);
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[2K${line}` : `${line}\n`);
  }

  /** Makes room for what comes after it. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
  }
}

function describe(phase: string, figures: readonly string[], seconds: number): string {
  return `${seconds.toFixed(0).padStart(4)} s  ${phase.padEnd(16)} ${figures.map((figure) => figure.padStart(16)).join('')}`;
}
