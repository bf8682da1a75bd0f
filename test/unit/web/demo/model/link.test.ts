import { expect, test } from 'vitest';
import { linkFrom } from '../../../../../src/web/demo/model/link.ts';

test('the way to a connection is connecting, and after it an interruption', () => {
  expect(linkFrom('new', undefined)).toBe('connecting');
  expect(linkFrom('connecting', 'connecting')).toBe('connecting');
  expect(linkFrom('connected', 'connecting')).toBe('connected');
  expect(linkFrom('disconnected', 'connected')).toBe('interrupted');
  expect(linkFrom('failed', 'interrupted')).toBe('failed');
  expect(linkFrom('connecting', 'failed')).toBe('interrupted');
});

test('a closed connection has no link', () => {
  expect(linkFrom('closed', 'connected')).toBeUndefined();
});
