import { Buffer } from 'node:buffer';

/** First bytes of a whole, unmasked message (RFC 6455, section 5.2): FIN and the opcode. */
const binaryOpcode = 0x82;
const textOpcode = 0x81;

/** Room for a binary message of a server, with its header written; the payload is what comes last. */
export function binaryMessage(payloadBytes: number): Buffer {
  return withHeader(binaryOpcode, payloadBytes);
}

export function textMessage(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const message = withHeader(textOpcode, length);
  message.write(text, message.length - length);
  return message;
}

function withHeader(opcode: number, length: number): Buffer {
  if (length < 126) {
    const message = Buffer.allocUnsafe(2 + length);
    message[0] = opcode;
    message[1] = length;
    return message;
  }
  if (length < 65_536) {
    const message = Buffer.allocUnsafe(4 + length);
    message[0] = opcode;
    message[1] = 126;
    message[2] = length >>> 8;
    message[3] = length;
    return message;
  }
  const message = Buffer.allocUnsafe(10 + length);
  message[0] = opcode;
  message[1] = 127;
  message.writeUInt32BE(0, 2);
  message.writeUInt32BE(length, 6);
  return message;
}
