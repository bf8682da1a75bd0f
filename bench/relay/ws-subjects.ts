import { once } from 'node:events';
import { WebSocket } from 'ws';
import { startPeerServer } from '../peer-server.ts';
import { relayFrame } from '../relay-frame.ts';
import type { Subject } from '../subject.ts';
import { oneServer, type ServerAlone } from './one-server.ts';

/** `ws` alone: the server forwards what it gets. */
export const bareWs: Subject<ServerAlone> = forwarding('ws', 'relay/servers/ws-server.ts');

/** Parley's frames, decoded and encoded whole by protobuf-es. */
export const protobufEs: Subject<ServerAlone> = forwarding(
  'protobuf-es',
  'relay/servers/protobuf-es-server.ts',
);

/** A server that has pairs by path and takes Parley's frames. */
function forwarding(name: string, program: string): Subject<ServerAlone> {
  return {
    name,
    async start() {
      const process = await startPeerServer(program);
      return {
        ...oneServer(process),
        async connect(index, received) {
          const open = async (side: string) => {
            const socket = new WebSocket(`${process.url.replace('http', 'ws')}/${index}/${side}`, {
              perMessageDeflate: false,
            });
            await once(socket, 'open');
            return socket;
          };
          const [sender, receiver] = await Promise.all([open('a'), open('b')]);
          receiver.on('message', received);
          let id = 0;
          return {
            send: (sdp) => sender.send(relayFrame(++id, `pair-${index}`, 'b', sdp)),
            unanswered: 0,
            close() {
              sender.terminate();
              receiver.terminate();
            },
          };
        },
        audit: () => Promise.resolve(),
      };
    },
  };
}
