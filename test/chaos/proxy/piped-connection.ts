import type { Socket } from 'node:net';
import type { Cut, Direction } from './cut-plan.ts';

export interface PipedConnectionOptions {
  readonly client: Socket;
  readonly server: Socket;
  readonly cut: Cut;
  /** Bytes count towards the cut only while this says so. */
  readonly mayCut: () => boolean;
  readonly onCut: (cut: Cut) => void;
  /** Both sides are gone. */
  readonly onClose: () => void;
}

/** One TCP connection of a client, forwarded to the server until it is cut. Its sockets must allow a half-open end. */
export class PipedConnection {
  readonly #options: PipedConnectionOptions;
  /** Bytes before the cut, in its direction. */
  #left: number;
  #isCut = false;
  /** Directions in which nothing is forwarded any more. */
  readonly #stopped = new Set<Direction>();
  /** What the client sent after a cut of the kind `late`. */
  #held: Buffer[] | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: PipedConnectionOptions) {
    const { client, server, cut } = options;
    this.#options = options;
    this.#left = cut.afterBytes;
    this.#pipe('up', client, server);
    this.#pipe('down', server, client);
  }

  /** Ends both sides at once, whatever was planned. */
  destroy(): void {
    this.#options.client.destroy();
    this.#options.server.destroy();
  }

  #pipe(direction: Direction, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => this.#take(direction, from, to, chunk));
    from.on('end', () => {
      if (!this.#stopped.has(direction)) to.end();
    });
    // What comes of it is told by 'close'.
    from.on('error', () => undefined);
    from.on('close', () => {
      if (!this.#isCut) to.destroySoon();
      if (!to.closed) return;
      for (const timer of this.#timers) clearTimeout(timer);
      this.#options.onClose();
    });
  }

  #take(direction: Direction, from: Socket, to: Socket, chunk: Buffer): void {
    const { cut, mayCut } = this.#options;
    if (this.#stopped.has(direction)) {
      if (direction === 'up') this.#held?.push(chunk);
    } else if (this.#isCut || direction !== cut.direction || !mayCut()) {
      forward(chunk, from, to);
    } else {
      const passing = chunk.subarray(0, this.#left);
      this.#left -= passing.length;
      forward(passing, from, to);
      if (this.#left === 0) this.#cut(chunk.subarray(passing.length));
    }
  }

  #cut(rest: Buffer): void {
    const { client, server, cut, onCut } = this.#options;
    this.#isCut = true;
    onCut(cut);
    if (cut.kind === 'half') {
      this.#stopped.add(cut.direction);
      (cut.direction === 'up' ? server : client).end();
      this.#after(cut.lingerMs, () => this.destroy());
      return;
    }
    this.#stopped.add('up').add('down');
    switch (cut.kind) {
      case 'both':
        client.destroySoon();
        server.destroySoon();
        break;
      case 'reset':
        this.#reset();
        break;
      case 'client_first':
        client.destroySoon();
        this.#after(cut.lingerMs, () => this.#reset());
        break;
      case 'server_first':
        server.destroySoon();
        this.#after(cut.lingerMs, () => this.#reset());
        break;
      case 'late':
        this.#held = cut.direction === 'up' ? [rest] : [];
        this.#after(cut.lingerMs / 2, () => client.resetAndDestroy());
        this.#after(cut.lingerMs, () => {
          server.write(Buffer.concat(this.#held ?? []));
          server.destroySoon();
        });
        break;
      case 'silent':
        this.#after(cut.lingerMs, () => this.#reset());
    }
  }

  #reset(): void {
    this.#options.client.resetAndDestroy();
    this.#options.server.resetAndDestroy();
  }

  #after(delayMs: number, act: () => void): void {
    this.#timers.add(setTimeout(act, delayMs));
  }
}

function forward(chunk: Buffer, from: Socket, to: Socket): void {
  if (chunk.length === 0 || !to.writable || to.write(chunk)) return;
  from.pause();
  to.once('drain', () => from.resume());
}
