import { once } from 'node:events';
import { connect } from 'node:net';
import { ErrorCode, SignalError } from '../shared/signal-error.ts';

const reachWithinMs = 5_000;

/**
 * Finds out whether anything listens where a WebSocket address points to. The SDK would try for ever, as is right for a
 * call, and not for a command with a wrong address. Rejects with `SignalError` UNAVAILABLE, which says what to do.
 */
export async function assertReachable(url: string): Promise<void> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = connect({ host, port: Number(port) || (protocol === 'wss:' ? 443 : 80) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(reachWithinMs) });
  } catch (cause) {
    const advice = 'Start one with: npm start. Or name another: --url ws://host:port/ws';
    throw new SignalError(ErrorCode.UNAVAILABLE, `no server answers at ${url}. ${advice}`, { cause });
  } finally {
    socket.destroy();
  }
}
