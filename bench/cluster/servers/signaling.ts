import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type ServerOptions } from 'socket.io';
import type { RelayMessage } from '../../socket-io-client.ts';

/**
 * Signaling as Socket.IO's users write it: a client joins a room of its own name, messages go to a name, and the sender is told
 * that its message is on its way.
 */
export function serveSignaling(options: Partial<ServerOptions>): void {
  const http = createServer();
  const io = new Server(http, options);
  io.on('connection', (socket) => {
    const name = String(socket.handshake.query['name']);
    void socket.join(name);
    socket.on('relay', ({ to, sdp }: RelayMessage, acknowledge: () => void) => {
      io.to(to).emit('relay', { from: name, sdp });
      acknowledge();
    });
  });
  http.listen(0, '127.0.0.1', () => {
    const { port } = http.address() as AddressInfo;
    console.log(JSON.stringify({ event: 'process.listening', url: `http://127.0.0.1:${port}` }));
  });
  process.on('SIGTERM', () => process.exit(0));
}
