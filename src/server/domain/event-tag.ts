/** The tag (field number and wire type) that the encoded field of an `Event` begins with: two bytes at most, so most entries are told apart by it. */
export function firstTag(body: Uint8Array): number {
  const [low = 0, high = 0] = body;
  return low < 0x80 ? low : (low & 0x7f) | (high << 7);
}

/** The tag of a field that is a message. */
export function tagOf({ number }: { readonly number: number }): number {
  return (number << 3) | 2;
}
