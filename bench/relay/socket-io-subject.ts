import { startPeerServer } from '../peer-server.ts';
import { openSocketIo } from '../socket-io-client.ts';
import type { Subject } from '../subject.ts';
import { oneServer, type ServerAlone } from './one-server.ts';

/** Socket.IO over WebSocket, with its rooms and its own encoding. */
export const socketIo: Subject<ServerAlone> = {
  name: 'socket.io',
  async start() {
    const process = await startPeerServer('relay/servers/socket-io-server.ts');
    return {
      ...oneServer(process),
      async connect(index, received) {
        const [sender, receiver] = await Promise.all([
          openSocketIo(process.url, `${index}/a`),
          openSocketIo(process.url, `${index}/b`),
        ]);
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
