import type { AddressInfo } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type WebSocket, WebSocketServer } from 'ws';
import { ClientFrameSchema, ServerFrameSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';

/** The obvious way: each frame is decoded, and what goes out is encoded anew. No rooms, rights, log or sessions. */
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
const sockets = new Map<string, WebSocket>();
let count = 0;

server.on('connection', (socket, { url }) => {
  const [, pair, side] = (url ?? '').split('/');
  sockets.set(`${pair}/${side}`, socket);
  const other = `${pair}/${side === 'a' ? 'b' : 'a'}`;
  socket.on('message', (data: Buffer) => {
    const { body } = fromBinary(ClientFrameSchema, data);
    if (body.case !== 'relay' || body.value.body === undefined) return;
    const relay = { from: `${side}`, correlationId: String(++count), body: body.value.body };
    const event = {
      stream: body.value.roomId,
      offset: count,
      body: { case: 'relay', value: relay },
    } as const;
    const frame = create(ServerFrameSchema, { frame: { case: 'event', value: event } });
    sockets.get(other)?.send(toBinary(ServerFrameSchema, frame), { binary: true });
  });
});
server.on('listening', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ event: 'process.listening', url: `http://127.0.0.1:${port}` }));
});
process.on('SIGTERM', () => process.exit(0));
