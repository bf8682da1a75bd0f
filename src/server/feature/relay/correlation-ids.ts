import { randomBytes } from 'node:crypto';

const digits = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
const digitCount = 8;

/** Names one thing after the other: `<random, of this process>.<count, to the base of 36>`, in ASCII. */
export class CorrelationIds {
  readonly #bytes = Buffer.from(`${randomBytes(6).toString('base64url')}.${'0'.repeat(digitCount)}`);
  readonly #values = new Uint8Array(digitCount);

  /** The next name. Its bytes are written over by the one after it. */
  next(): Buffer {
    const values = this.#values;
    const first = this.#bytes.length - digitCount;
    for (let at = digitCount - 1; at >= 0; at--) {
      const value = ((values[at] as number) + 1) % digits.length;
      values[at] = value;
      this.#bytes[first + at] = digits[value] as number;
      if (value !== 0) break;
    }
    return this.#bytes;
  }
}
