import { io, type Socket } from 'socket.io-client';
import { startServerProcess } from '../../test/server-process/server-process.ts';
import type { Subject } from './subject.ts';

/** Socket.IO over WebSocket, with its rooms and its own encoding. */
export const socketIo: Subject = {
  name: 'socket.io',
  async start() {
    const process = await startServerProcess(['bench/relay/servers/socket-io-server.ts']);
    return {
      process,
      async connect(index, received) {
        const open = async (name: string) => {
          const socket = io(process.url, { transports: ['websocket'], forceNew: true, query: { name } });
          await new Promise<void>((resolve, reject) => {
            socket.once('connect', resolve);
            socket.once('connect_error', reject);
          });
          return socket;
        };
        const [sender, receiver]: Socket[] = await Promise.all([open(`${index}/a`), open(`${index}/b`)]);
        if (sender === undefined || receiver === undefined) throw new Error('two clients were opened');
        receiver.on('relay', ({ sdp }: { readonly sdp: string }) => received(Buffer.from(sdp, 'latin1')));
        return {
          send: (sdp) => sender.emit('relay', { to: `${index}/b`, sdp }),
          unanswered: 0,
          close() {
            sender.disconnect();
            receiver.disconnect();
          },
        };
      },
      audit: () => Promise.resolve(),
    };
  },
};
