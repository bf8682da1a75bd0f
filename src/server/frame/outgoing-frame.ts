import { binaryMessage, textMessage } from './websocket-message.ts';

/**
 * An encoded `ServerFrame` on its way out. It is made once for all who receive it, in the form in which a WebSocket of binary
 * messages sends it: the message's header, then the frame.
 */
export class OutgoingFrame {
  /** The whole message; the frame in it is for who made this to write, from `start` on. */
  readonly message: Buffer;
  /** Where the frame begins in `message`. */
  readonly start: number;
  #text: Buffer | undefined;

  /** `byteLength`: the frame's. */
  constructor(byteLength: number) {
    this.message = binaryMessage(byteLength);
    this.start = this.message.length - byteLength;
  }

  static of(bytes: Uint8Array): OutgoingFrame {
    const frame = new OutgoingFrame(bytes.length);
    frame.message.set(bytes, frame.start);
    return frame;
  }

  /** The frame alone, not copied. */
  get bytes(): Buffer {
    return this.message.subarray(this.start);
  }

  /** The frame as a message of text, also made once: by the first who asks. */
  textMessage(toText: (frame: Uint8Array) => string): Buffer {
    return (this.#text ??= textMessage(toText(this.bytes)));
  }
}
