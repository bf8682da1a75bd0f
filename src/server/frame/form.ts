import { Form } from '../../../gen/parley/options/v1/limits_pb.ts';

const idCharacter = 1;
const lowerHexDigit = 2;
const hyphen = 4;
const zero = 8;

/** For each byte, the classes that it belongs to. */
const classes = new Uint8Array(256);
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-', idCharacter);
mark('0123456789abcdef', lowerHexDigit);
mark('-', hyphen);
mark('0', zero);

function mark(characters: string, mask: number): void {
  for (const character of characters) {
    const byte = character.charCodeAt(0);
    classes[byte] = (classes[byte] ?? 0) | mask;
  }
}

const longestId = 128;
/** As RFC 9562 writes it. In either case, one membership would have many ids. */
const uuid = pattern('hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh');
/** W3C trace context, version 00. */
const traceparent = pattern('00-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh');

/** The class that each byte of a form must belong to. `h`: a hexadecimal digit in lower case. */
function pattern(template: string): Uint8Array {
  return Uint8Array.from(template, (sign) => (sign === 'h' ? lowerHexDigit : sign === '0' ? zero : hyphen));
}

/** The most bytes that a form lets a string have. */
export function longestOfForm(form: Form): number {
  if (form === Form.ID) return longestId;
  if (form === Form.UUID) return uuid.length;
  if (form === Form.TRACEPARENT) return traceparent.length;
  return Number.MAX_SAFE_INTEGER;
}

/** What a string of the form is, for an error message: `… is not an id`. */
export function formName(form: Form): string {
  if (form === Form.ID) return 'an id of 1 to 128 characters A-Z a-z 0-9 . _ ~ -';
  if (form === Form.UUID) return 'a UUID of 36 characters in lower case';
  return 'a traceparent of 55 characters';
}

/** Whether a string that is not empty is of a form. What fits one is ASCII. */
export function fitsForm(form: Form, bytes: Uint8Array, start: number, end: number): boolean {
  if (form === Form.ID) return end - start <= longestId && allIdCharacters(bytes, start, end);
  if (form === Form.UUID) return fitsPattern(uuid, bytes, start, end);
  return fitsPattern(traceparent, bytes, start, end);
}

function allIdCharacters(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (((classes[bytes[at] as number] as number) & idCharacter) === 0) return false;
  }
  return true;
}

function fitsPattern(wanted: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at++) {
    if (((classes[bytes[start + at] as number] as number) & (wanted[at] as number)) === 0) return false;
  }
  return true;
}
