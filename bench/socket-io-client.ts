import { io, type Socket } from 'socket.io-client';

/** What the benches' clients of Socket.IO send and what its servers pass on; a name is a room. */
export interface RelayMessage {
  readonly to: string;
  readonly sdp: string;
}

/** Connects a client by a name, over WebSocket alone. */
export async function openSocketIo(url: string, name: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], forceNew: true, query: { name } });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}
