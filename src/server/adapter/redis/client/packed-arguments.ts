/** Arguments that stay the same from one command to the next, as they are sent. */
export interface PackedArguments {
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** What calls a script. In lower case, as the library has its commands in tables that it looks into again and again. */
export const scriptCommandName = 'evalsha';

/** It gives memory of its own to each: they are kept, and a `Buffer` of this size would keep a block of 64 KiB with it. */
const encoder = new TextEncoder();

/** Texts up to this length are looked through. */
const maxLooked = 256;

export function packedArguments(args: readonly string[]): PackedArguments {
  const bulks = args.map((text) => bulk(text, byteLength(text)));
  return { count: args.length, bytes: encoder.encode(bulks.join('')) };
}

/** As RESP has it: a bulk string. `bytes`: how many the text has. */
export function bulk(text: string, bytes: number): string {
  return `$${bytes}\r\n${text}\r\n`;
}

/** In UTF-8. Most texts are a few ASCII characters, which are looked through faster than the call that counts their bytes takes. */
export function byteLength(text: string): number {
  if (text.length > maxLooked) return Buffer.byteLength(text);
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text);
  return text.length;
}
