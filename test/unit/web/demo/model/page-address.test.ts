import { expect, test } from 'vitest';
import {
  addressOf,
  inviteLink,
  readPageAddress,
  signalingUrl,
} from '../../../../../src/web/demo/model/page-address.ts';

test('room, name and token are read from the address', () => {
  expect(readPageAddress('?room=daily&name=Ada%20L&token=abc')).toEqual({
    room: 'daily',
    name: 'Ada L',
    token: 'abc',
  });
  expect(readPageAddress(`?name=${'n'.repeat(500)}`).name).toHaveLength(64);
  expect(readPageAddress('')).toEqual({ room: '', name: '', token: '' });
});

test('an invite link names the room, and neither the sender nor the token', () => {
  const link = inviteLink('https://call.example/?room=old&name=Ada&token=secret#x', 'daily');
  expect(link).toBe('https://call.example/?room=daily');
});

test('a reload comes back to the same door', () => {
  expect(addressOf('?token=abc', { room: 'daily', name: 'Ada' })).toBe('?token=abc&room=daily&name=Ada');
});

test('signaling goes to the page’s own origin, encrypted where the page is', () => {
  expect(signalingUrl('http://localhost:4000/?room=x')).toBe('ws://localhost:4000/ws');
  expect(signalingUrl('https://call.example/?room=x')).toBe('wss://call.example/ws');
});
