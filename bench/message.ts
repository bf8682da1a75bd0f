/** Bytes of a message: about those of an offer of audio only. */
export const messageBytes = 600;

const mark = 'v=0 o=parley-bench ';
const digits = 10;
const filler = 'a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host generation 0 ufrag EsAw\r\n';

/** A text of exactly `messageBytes` ASCII characters that says its number. */
export function messageText(number: number): string {
  const head = `${mark}${String(number).padStart(digits, '0')}\r\n`;
  return (head + filler.repeat(8)).slice(0, messageBytes);
}

/** The number of the message that lies in these bytes. Throws where there is none, or not all of it. */
export function messageNumber(bytes: Buffer): number {
  const at = bytes.indexOf(mark);
  if (at === -1 || bytes.length < at + messageBytes) throw new Error('a frame came without a whole message');
  return Number(bytes.toString('latin1', at + mark.length, at + mark.length + digits));
}
