import { expect, test } from 'vitest';
import { describeRoute, routeFrom } from '../../../../../src/web/demo/model/route.ts';

const pair = {
  type: 'candidate-pair',
  id: 'P',
  localCandidateId: 'L',
  remoteCandidateId: 'R',
  currentRoundTripTime: 0.0123,
};
const other = { type: 'candidate-pair', id: 'Q', localCandidateId: 'L', remoteCandidateId: 'S' };
const local = { type: 'local-candidate', id: 'L', candidateType: 'host' };
const remote = { type: 'remote-candidate', id: 'R', candidateType: 'srflx' };

test('the route is that of the pair that the transport names', () => {
  const route = routeFrom([
    other,
    pair,
    local,
    remote,
    { type: 'transport', id: 'T', selectedCandidatePairId: 'P' },
  ]);
  expect(route).toEqual({ relayed: false, roundTripMs: 12 });
});

test('a pair that is marked as selected counts too, and a relay at either end is a relay', () => {
  const route = routeFrom([other, { ...pair, selected: true }, local, { ...remote, candidateType: 'relay' }]);
  expect(route).toEqual({ relayed: true, roundTripMs: 12 });
});

test('without a selected pair there is no route', () => {
  expect(routeFrom([pair, local, remote])).toBeUndefined();
});

test('a route is said in words', () => {
  expect(describeRoute({ relayed: false, roundTripMs: 12 })).toBe('Direct, 12 ms');
  expect(describeRoute({ relayed: true, roundTripMs: undefined })).toBe('Through a relay');
});
