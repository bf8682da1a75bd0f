import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * The TCP connections of a server: also those that have not spoken yet, that were upgraded or that stand before their TLS
 * handshake, of which Node's own `closeAllConnections` knows nothing.
 */
export class OpenConnections {
  readonly #sockets = new Set<Socket>();

  constructor({ server }: Pick<FastifyInstance, 'server'>) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Ends those that sent nothing yet: to Node they are at a request, since its time for one runs. */
  destroySilent(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  /** Ends all of them, whatever they are at. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
