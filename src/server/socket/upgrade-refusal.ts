import type { Duplex } from 'node:stream';
import type { SignalError } from '../../shared/signal-error.ts';

/** Why an upgrade is refused, as HTTP says it. */
export interface UpgradeRefusal {
  readonly status: string;
  readonly message: string;
  /** Where there is more to say: its code, and when to come again. */
  readonly error?: SignalError;
}

/** Answers an upgrade with a refusal and ends the connection. */
export function refuseUpgrade(socket: Duplex, { status, message, error }: UpgradeRefusal): void {
  const code = error && { code: error.codeName, retryable: error.retryable };
  const body = JSON.stringify({ error: { message, ...code } });
  const retryAfterMs = error?.retryAfterMs ?? 0;
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
