import { expect, test } from 'vitest';
import { visibleName } from '../../../src/shared/visible-name.ts';

test('a name is shown without what nobody sees, and one of nothing else is none', () => {
  expect(visibleName('  Ada\u202e L. ')).toBe('Ada L.');
  expect(visibleName('\u200b')).toBe('');
  expect(visibleName('\u0301\u0301')).toBe('');
  expect(visibleName('אדה')).toBe('אדה');
  expect(visibleName('👩‍🚀')).toBe('👩‍🚀');
  expect(visibleName('<b>')).toBe('<b>');
});
