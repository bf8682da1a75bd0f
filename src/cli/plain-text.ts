/**
 * Text that others wrote, safe to print: without control characters, which could move the cursor or change the terminal.
 * Longer than `maxLength`: cut.
 */
export function plainText(text: string, maxLength = 200): string {
  const plain = text.replaceAll(/\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
  return plain.length > maxLength ? `${plain.slice(0, maxLength)}…` : plain;
}
