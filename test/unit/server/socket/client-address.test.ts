import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ClientAddresses, networkOf } from '../../../../src/server/socket/client-address.ts';

function request(direct: string, forwarded?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: direct });
  const message = new IncomingMessage(socket);
  if (forwarded !== undefined) message.headers['x-forwarded-for'] = forwarded;
  return message;
}

test.for([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::9', '2001:db8:0:0::/64'],
  ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('X4: %s counts as %s', ([address = '', network]) => {
  expect(networkOf(address)).toBe(network);
});

test('X4: without a trusted proxy nobody is believed', () => {
  const addresses = new ClientAddresses(false);
  expect(addresses.networkOf(request('192.0.2.1', '198.51.100.5'))).toBe('192.0.2.1');
  expect(addresses.isProxy('192.0.2.1')).toBe(false);
  expect(new ClientAddresses([]).networkOf(request('192.0.2.1', '198.51.100.5'))).toBe('192.0.2.1');
});

test('X4: of forwarded addresses the last one counts that no trusted proxy has', () => {
  const addresses = new ClientAddresses(['10.0.0.0/8', '2001:db8::/32']);
  const forged = '203.0.113.9, 198.51.100.5, 10.1.1.1';
  expect(addresses.networkOf(request('10.0.0.1', forged))).toBe('198.51.100.5');
  expect(addresses.networkOf(request('::ffff:10.0.0.1', forged))).toBe('198.51.100.5');
  expect(addresses.networkOf(request('192.0.2.1', forged))).toBe('192.0.2.1');
  expect([addresses.isProxy('2001:db8::5'), addresses.isProxy('2001:db9::5')]).toEqual([true, false]);
});

test('X4: where everyone is believed the first forwarded address counts; what is no address is the proxy itself', () => {
  const addresses = new ClientAddresses(true);
  expect(addresses.networkOf(request('192.0.2.1', '203.0.113.9, 198.51.100.5'))).toBe('203.0.113.9');
  expect(addresses.networkOf(request('192.0.2.1', 'unknown'))).toBe('192.0.2.1');
  expect(addresses.networkOf(request('192.0.2.1'))).toBe('192.0.2.1');
});
