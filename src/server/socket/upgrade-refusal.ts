import type { Duplex } from 'node:stream';
import type { SignalError } from '../../shared/signal-error.ts';

/** Why an upgrade is refused. */
export interface UpgradeRefusal {
  /** As HTTP says it: `403 Forbidden`. */
  readonly status: string;
  /** As the log counts it. */
  readonly reason: string;
  readonly error: SignalError;
}

/** Answers an upgrade with a refusal and ends the connection. */
export function refuseUpgrade(socket: Duplex, { status, error }: UpgradeRefusal): void {
  const { message, codeName: code, retryable, retryAfterMs } = error;
  const body = JSON.stringify({ error: { code, message, retryable } });
  const head = [
    `HTTP/1.1 ${status}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs > 0 ? [`Retry-After: ${Math.ceil(retryAfterMs / 1_000)}`] : []),
  ];
  // Its other half would stay open for as long as the client likes: nobody watches over this socket any more.
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
