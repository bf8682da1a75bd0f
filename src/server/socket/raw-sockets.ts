import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type ClientAddresses, networkOf } from './client-address.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface RawSocketOptions {
  readonly addresses: ClientAddresses;
  readonly refusals: RefusalLog;
  /** How many upgraded connections there may be, in all and for each address. */
  readonly inAll: number;
  readonly perAddress: number;
}

/** What Node says of a client that does not get through TLS, or through the headers of a request, in its time. */
const timeouts: ReadonlySet<string> = new Set(['ERR_TLS_HANDSHAKE_TIMEOUT', 'ERR_HTTP_REQUEST_TIMEOUT']);

/** So many more than that, for plain requests and for those who are to be refused in words. */
const spareInAll = 1_000;
const sparePerAddress = 100;

/**
 * Bounds the TCP connections of a server, also those that never get to a request. Those of a trusted proxy are not counted by
 * address: they are many clients'.
 */
export function boundRawSockets(server: Server, options: RawSocketOptions): void {
  const { addresses, refusals, inAll, perAddress } = options;
  const open = new Map<string, number>();
  server.maxConnections = inAll + spareInAll;
  server.on('drop', () => refusals.note('sockets'));
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException) => {
    if (timeouts.has(code)) refusals.note('handshake-timeout');
  });
  // Before anybody takes it in.
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (addresses.isProxy(address)) return;
    const network = networkOf(address);
    const count = (open.get(network) ?? 0) + 1;
    if (count > perAddress + sparePerAddress) {
      refusals.note('sockets-of-address');
      socket.destroy();
      return;
    }
    open.set(network, count);
    socket.once('close', () => {
      const left = (open.get(network) ?? 1) - 1;
      if (left === 0) open.delete(network);
      else open.set(network, left);
    });
  });
}
