import { expect, test } from 'vitest';
import { describeMediaError } from '../../../../../src/web/demo/model/describe-media-error.ts';

const titleOf = (name: string, devices: Parameters<typeof describeMediaError>[1] = 'camera and microphone') =>
  describeMediaError(new DOMException('', name), devices).title;

test('a camera that was refused, is missing or is busy is said in different words', () => {
  expect(titleOf('NotAllowedError', 'camera')).toBe('Your camera is blocked');
  expect(titleOf('NotFoundError', 'camera')).toBe('No camera found');
  expect(titleOf('NotReadableError', 'camera')).toBe('Your camera is busy');
});

test('both devices are named where both were asked for', () => {
  expect(titleOf('NotAllowedError')).toBe('Your camera and microphone are blocked');
  expect(titleOf('NotFoundError')).toBe('No camera or microphone found');
});

test('each says that one can enter without', () => {
  for (const name of [
    'NotAllowedError',
    'NotFoundError',
    'AbortError',
    'InsecureContextError',
    'TypeError',
  ]) {
    expect(describeMediaError(new DOMException('', name), 'microphone').detail).toContain('enter without');
  }
});
