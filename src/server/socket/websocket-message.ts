import type { Codec } from '../frame/codec.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';

/** First bytes of a whole, unmasked message (RFC 6455, section 5.2): FIN and the opcode. */
const binaryOpcode = 0x82;
const textOpcode = 0x81;
const maxHeaderBytes = 10;

/** A frame as a WebSocket message of a server, header and payload in one buffer, made once for all who receive it. */
export function websocketMessage(frame: OutgoingFrame, codec: Codec): Buffer {
  if (codec.toText === undefined)
    return (frame.binaryMessage ??= withHeader(frame.buffer, frame.start, binaryOpcode));
  return (frame.textMessage ??= textMessage(codec.toText(frame.bytes)));
}

function textMessage(text: string): Buffer {
  const buffer = Buffer.allocUnsafe(maxHeaderBytes + Buffer.byteLength(text));
  buffer.write(text, maxHeaderBytes);
  return withHeader(buffer, maxHeaderBytes, textOpcode);
}

/** Writes the header right in front of the payload that begins at `start`. */
function withHeader(buffer: Buffer, start: number, opcode: number): Buffer {
  const length = buffer.length - start;
  if (length < 126) {
    buffer[start - 2] = opcode;
    buffer[start - 1] = length;
    return buffer.subarray(start - 2);
  }
  if (length < 65_536) {
    buffer[start - 4] = opcode;
    buffer[start - 3] = 126;
    buffer.writeUInt16BE(length, start - 2);
    return buffer.subarray(start - 4);
  }
  buffer[start - 10] = opcode;
  buffer[start - 9] = 127;
  buffer.writeUIntBE(0, start - 8, 4);
  buffer.writeUInt32BE(length, start - 4);
  return buffer.subarray(start - 10);
}
