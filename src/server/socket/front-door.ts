import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { NewcomerPace } from './newcomer-pace.ts';

type Take = (this: Server, socket: Socket) => void;

/**
 * Lets the connections of a server in at a pace. Before its turn nothing of a connection is read: what a client sends waits in its
 * socket, so that many who come at once don't have their requests, or their handshakes of TLS, all read in one turn of the event loop.
 * To be called before anything but Node itself listens for connections of this server.
 */
export function letInAtPace(server: Server, pace: NewcomerPace): void {
  const takes = server.listeners('connection') as Take[];
  server.removeAllListeners('connection');
  // An option of `net.Server` that `http.Server` does not pass on: it is kept under this name, and heeded.
  Object.assign(server, { pauseOnConnect: true });
  server.on('connection', (socket: Socket) => {
    const takeIn = () => {
      if (socket.destroyed) return;
      socket.off('error', ended);
      for (const take of takes) take.call(server, socket);
      socket.resume();
    };
    const ended = () => socket.destroy();
    socket.on('error', ended);
    socket.once('close', () => pace.leave(takeIn));
    if (!socket.destroyed) pace.enter(takeIn);
  });
}
