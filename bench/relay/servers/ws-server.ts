import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** Bare forwarding: what comes from one side of `/PAIR/SIDE` goes out at the other, byte for byte. The floor for all others. */
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const sockets = new Map<string, WebSocket>();

server.on('connection', (socket, { url }) => {
  const [, pair, side] = (url ?? '').split('/');
  sockets.set(`${pair}/${side}`, socket);
  const other = `${pair}/${side === 'a' ? 'b' : 'a'}`;
  socket.on('message', (data: Buffer) => sockets.get(other)?.send(data, { binary: true }));
});
server.on('listening', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ event: 'process.listening', url: `http://127.0.0.1:${port}` }));
});
process.on('SIGTERM', () => process.exit(0));
