/** Which channel a message belongs to, and its place there. */
export interface PayloadHead {
  readonly channel: number;
  /** From 0, without a gap, in the order in which they were handed to the SDK. */
  readonly seq: number;
}

const headBytes = 8;

/** The fewest bytes that a payload has. */
export const minPayloadBytes = headBytes;

/** A message of exactly this many bytes, which its head decides to the last. */
export function encodePayload({ channel, seq }: PayloadHead, bytes: number): Uint8Array {
  const payload = new Uint8Array(bytes);
  const view = new DataView(payload.buffer);
  view.setUint32(0, channel);
  view.setUint32(4, seq);
  for (let index = headBytes; index < bytes; index++) payload[index] = fillAt(channel, seq, index);
  return payload;
}

/** What message these bytes are. Undefined: none that was made here, or not as it was made. */
export function decodePayload(payload: Uint8Array): PayloadHead | undefined {
  if (payload.length < headBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const channel = view.getUint32(0);
  const seq = view.getUint32(4);
  for (let index = headBytes; index < payload.length; index++) {
    if (payload[index] !== fillAt(channel, seq, index)) return undefined;
  }
  return { channel, seq };
}

function fillAt(channel: number, seq: number, index: number): number {
  return (channel * 31 + seq * 7 + index) & 0xff;
}
