import { expect, test } from 'vitest';
import { type ConnectionLimits, ConnectionPlaces } from '../../../../src/server/socket/connection-places.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

function placesOf(limits: Partial<ConnectionLimits>) {
  const all = { inAll: 1_000, perAddress: 1_000, unsigned: 1_000, ...limits };
  const places = new ConnectionPlaces(all, new FakeClock());
  const admit = (network: string) => {
    const admission = places.admit(network);
    if (!admission.admitted) throw new Error(`refused: ${admission.full}`);
    return admission.place;
  };
  const refusal = (network: string) => {
    const admission = places.admit(network);
    return admission.admitted ? undefined : { full: admission.full, code: admission.error.code };
  };
  return { places, admit, refusal };
}

test('X4: an address has so many places, and another has its own', () => {
  const { admit, refusal, places } = placesOf({ perAddress: 2 });
  const [first] = [admit('a'), admit('a')];
  expect(refusal('a')).toEqual({ full: 'address', code: ErrorCode.RATE_LIMITED });
  admit('b');
  first.leave();
  first.leave();
  admit('a').leave();
  expect(places.addresses).toBe(2);
});

test('X4: a node has so many places', () => {
  const { admit, refusal } = placesOf({ inAll: 2 });
  admit('a').signedIn();
  const second = admit('b');
  expect(refusal('c')).toEqual({ full: 'in-all', code: ErrorCode.UNAVAILABLE });
  second.leave();
  expect(refusal('c')).toBeUndefined();
});

test('X4: those before their sign-in have places of their own, of which one address has a quarter', () => {
  const { admit, refusal } = placesOf({ unsigned: 8 });
  const [first] = [admit('a'), admit('a')];
  expect(refusal('a')).toEqual({ full: 'unsigned', code: ErrorCode.RATE_LIMITED });
  first.signedIn();
  first.signedIn();
  admit('a');
  expect(refusal('a')?.full).toBe('unsigned');
  for (const network of ['b', 'b', 'c', 'c', 'd']) admit(network);
  const last = admit('d');
  expect(refusal('e')).toEqual({ full: 'unsigned', code: ErrorCode.UNAVAILABLE });
  last.leave();
  admit('e');
});

test('X4: those for whom there is no place before their sign-in are told different times to come again', () => {
  const { admit, places } = placesOf({ unsigned: 4 });
  admit('a');
  const told = ['a', 'a', 'a'].map((network) => {
    const admission = places.admit(network);
    return admission.admitted ? undefined : admission.error.retryAfterMs;
  });
  expect(told).toEqual([1_000, 1_010, 1_020]);
});

test('X4: what left is forgotten, whether it had signed in or not', () => {
  const { admit, places, refusal } = placesOf({ unsigned: 4 });
  for (let round = 0; round < 10; round++) {
    const place = admit(`address-${round}`);
    if (round % 2 === 0) place.signedIn();
    place.leave();
    place.signedIn();
  }
  expect(places.addresses).toBe(0);
  for (let nth = 0; nth < 4; nth++) admit(`again-${nth}`);
  expect(refusal('again')?.full).toBe('unsigned');
});
