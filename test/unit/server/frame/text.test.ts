import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idText } from '../../../../src/server/frame/text.ts';

const ids = fc.oneof(
  fc.uuid(),
  fc.string({ unit: 'grapheme-ascii', maxLength: 128 }),
  // Many that are alike, so that some share a place in the memory of those that came lately.
  fc.nat(20_000).map((number) => `room-${number}`),
);

test('the text of an id is what its bytes say, whichever ids came before it', () => {
  let seen = 0;
  fc.assert(
    fc.property(fc.array(ids, { minLength: 1, maxLength: 50, size: 'max' }), fc.nat(5), (texts, lead) => {
      for (const text of [...texts, ...texts]) {
        const bytes = Buffer.from('.'.repeat(lead) + text + '.');
        expect(idText(bytes, lead, lead + text.length)).toBe(text);
        seen++;
      }
    }),
    { numRuns: 400 },
  );
  expect(seen).toBeGreaterThan(5_000);
});
