/** Bytes kept free in front of a frame: the longest header that a wire puts there. */
const headroomBytes = 10;

/**
 * An encoded `ServerFrame` on its way out. It is made once for all who receive it, and so is each form in which a wire sends
 * it: the first wire that needs a form keeps it here for the others.
 */
export class OutgoingFrame {
  /** The frame as a wire of binary messages sends it. */
  binaryMessage: Buffer | undefined;
  /** The frame as a wire of text messages sends it. */
  textMessage: Buffer | undefined;
  readonly #buffer: Buffer;

  /** Takes the frame's length in bytes; what is in it is for the caller to write, from `start` on into `buffer`. */
  constructor(byteLength: number) {
    this.#buffer = Buffer.allocUnsafe(headroomBytes + byteLength);
  }

  static of(bytes: Uint8Array): OutgoingFrame {
    const frame = new OutgoingFrame(bytes.length);
    frame.buffer.set(bytes, frame.start);
    return frame;
  }

  /** Free bytes, then the frame. */
  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Where the frame begins in `buffer`. */
  get start(): number {
    return headroomBytes;
  }

  get byteLength(): number {
    return this.#buffer.length - headroomBytes;
  }

  /** The frame alone, not copied. */
  get bytes(): Buffer {
    return this.#buffer.subarray(headroomBytes);
  }
}
