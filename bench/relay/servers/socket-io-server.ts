import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';

/** Signaling as Socket.IO's users write it: a client joins a room of its own name, and messages go to a name. */
const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });

io.on('connection', (socket) => {
  const name = String(socket.handshake.query['name']);
  void socket.join(name);
  socket.on('relay', ({ to, sdp }: { readonly to: string; readonly sdp: string }) => {
    io.to(to).emit('relay', { from: name, sdp });
  });
});
http.listen(0, '127.0.0.1', () => {
  const { port } = http.address() as AddressInfo;
  console.log(JSON.stringify({ event: 'process.listening', url: `http://127.0.0.1:${port}` }));
});
process.on('SIGTERM', () => process.exit(0));
