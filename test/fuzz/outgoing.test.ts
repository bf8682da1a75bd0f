import { expect, test } from 'vitest';
import { realWriter } from './frame-writer.ts';
import { outgoingKinds } from './outgoing-frames.ts';
import { runOutgoing } from './outgoing-run.ts';

test('frames that go out are decoded the same by protobuf-es and by protobufjs, as what was written', {
  timeout: 60_000,
}, () => {
  const counts = runOutgoing(realWriter, { seed: Date.now() % 2 ** 31, cases: 2000 });
  expect(Object.keys(counts)).toEqual(Object.keys(outgoingKinds));
});
