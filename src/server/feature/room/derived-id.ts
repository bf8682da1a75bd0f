import { createHash } from 'node:crypto';

/**
 * A UUID (RFC 9562, version 8) that follows from a request: the same request, sent again on another connection or node,
 * makes the same room and the same peer.
 */
export function derivedId(kind: 'room' | 'peer', sessionId: string, requestId: number): string {
  const bytes = createHash('sha256').update(`${kind}:${sessionId}:${requestId}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
