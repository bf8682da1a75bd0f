import { readFile } from 'node:fs/promises';

/**
 * The bytes of a TCP connection over loopback that wait in the kernel, at both ends: sent and not taken by the other side, or
 * taken and not read. Linux alone tells: `/proc/net/tcp` (proc(5)).
 */
export async function kernelBytes(onePort: number, otherPort: number): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  let bytes = 0;
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/);
    const ports = [portOf(local), portOf(remote)];
    if (!ports.includes(onePort) || !ports.includes(otherPort)) continue;
    const [sending = '', receiving = ''] = queues.split(':');
    bytes += Number.parseInt(sending, 16) + Number.parseInt(receiving, 16);
  }
  return bytes;
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}
