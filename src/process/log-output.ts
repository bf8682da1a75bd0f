import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

export interface LogOutputOptions {
  /** How many bytes may wait for whoever reads them. Default: 16 MiB. */
  readonly maxWaitingBytes?: number;
  /** There is room again, after so many lines found none. */
  readonly onDropped: (lines: number) => void;
}

const defaultMaxWaitingBytes = 16 * 1024 * 1024;
const retryMs = 10;
/** How long the process waits for its reader when it exits. */
const exitRetries = 100;

/**
 * Standard output, for whose reader the process never waits while it runs: the lines of one turn of the event loop are written
 * together, and what a full pipe does not take waits in memory. What does not fit there is dropped, and counted. What waits when
 * the process exits is written then, within a second. (pino's own destination stands still for 100 ms whenever a pipe is full;
 * written by threads, it may lose what is under way at an exit.)
 */
export function logOutput(options: LogOutputOptions): DestinationStream {
  const { maxWaitingBytes = defaultMaxWaitingBytes, onDropped } = options;
  // To open it makes a pipe one that does not block.
  const { fd } = process.stdout;
  let lines: string[] = [];
  let pieces: Buffer[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let isPassing = false;
  /** Whether nothing is left. */
  const pass = (): boolean => {
    if (lines.length > 0) pieces.push(Buffer.from(lines.join(''), 'utf8'));
    lines = [];
    try {
      for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
        const rest = piece.subarray(writeSync(fd, piece));
        if (rest.length > 0) pieces[0] = rest;
        else pieces.shift();
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nobody reads any more, or never will.
      if (code !== 'EAGAIN' && code !== 'EBUSY') pieces = [];
    }
    waitingBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return pieces.length === 0;
  };
  const passSoon = () => {
    isPassing = !pass();
    if (isPassing) setTimeout(passSoon, retryMs);
    else if (dropped > 0) {
      const count = dropped;
      dropped = 0;
      onDropped(count);
    }
  };
  process.once('exit', () => {
    const bell = new Int32Array(new SharedArrayBuffer(4));
    for (let tries = 0; !pass() && tries < exitRetries; tries++) Atomics.wait(bell, 0, 0, retryMs);
  });
  return {
    write(line) {
      if (waitingBytes + line.length > maxWaitingBytes) {
        dropped += 1;
        return;
      }
      waitingBytes += line.length;
      lines.push(line);
      if (isPassing) return;
      isPassing = true;
      setImmediate(passSoon);
    },
  };
}
