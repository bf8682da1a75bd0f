const headEnd = Buffer.from('\r\n\r\n');

/** Takes the WebSocket messages out of one direction of a connection's bytes, after its HTTP head (RFC 6455, section 5.2). */
export class FrameReader {
  readonly #onMessage: (payload: Buffer) => void;
  #rest = Buffer.alloc(0);
  #isUpgraded = false;

  /** `onMessage` hears of each unfragmented binary message, as it is when its mask is off. */
  constructor(onMessage: (payload: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isUpgraded) {
      const end = this.#rest.indexOf(headEnd);
      if (end === -1) return;
      this.#isUpgraded = true;
      this.#rest = this.#rest.subarray(end + headEnd.length);
    }
    while (this.#readFrame());
  }

  /** False: the frame is not all there yet. */
  #readFrame(): boolean {
    const bytes = this.#rest;
    if (bytes.length < 2) return false;
    const isMasked = (bytes.readUInt8(1) & 0x80) !== 0;
    const short = bytes.readUInt8(1) & 0x7f;
    const lengthEnd = 2 + (short === 127 ? 8 : short === 126 ? 2 : 0);
    const start = lengthEnd + (isMasked ? 4 : 0);
    if (bytes.length < start) return false;
    const length =
      short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < start + length) return false;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (isMasked) unmask(payload, bytes.subarray(lengthEnd, start));
    this.#rest = bytes.subarray(start + length);
    const finalBinary = 0x82;
    if (bytes.readUInt8(0) === finalBinary) this.#onMessage(payload);
    return true;
  }
}

function unmask(payload: Buffer, mask: Buffer): void {
  for (const [at, byte] of payload.entries()) payload[at] = byte ^ mask.readUInt8(at % 4);
}
