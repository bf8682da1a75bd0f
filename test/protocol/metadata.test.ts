import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { errorOf, startRoomServer } from './room-server.ts';

const { signIn } = await startRoomServer();

test('R7: attributes change for everyone and stand in the snapshot; past the bound nothing changes', async () => {
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  const peerA = randomUUID();
  await alice.join('attributes', peerA);
  await bob.join('attributes', randomUUID());
  await alice.request({
    case: 'updatePeer',
    value: { roomId: 'attributes', attributes: { mic: 'on', hand: 'up' } },
  });
  await alice.request({ case: 'updatePeer', value: { roomId: 'attributes', attributes: { hand: '' } } });
  expect((await bob.event('peerUpdated', 1)).body.value).toMatchObject({
    peerId: peerA,
    attributes: { mic: 'on' },
  });
  const error = await errorOf(alice, {
    case: 'updatePeer',
    value: { roomId: 'attributes', attributes: { big: 'x'.repeat(16_380) } },
  });
  expect(error).toMatchObject({
    code: ErrorCode.INVALID_ARGUMENT,
    message: expect.stringContaining('16384') as string,
  });
  const { result } = await bob.request({ case: 'getRoom', value: { roomId: 'attributes' } });
  expect(result.case === 'room' && result.value.peers[0]?.attributes).toEqual({ mic: 'on' });
});
