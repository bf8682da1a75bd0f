import { expect, test } from 'vitest';
import { clientClock } from '../../../src/client/client-clock.ts';

test('a timer of the client fires once, unless it is taken back', async () => {
  const fired: string[] = [];
  const cancel = clientClock.after(1, () => fired.push('taken back'));
  clientClock.after(1, () => fired.push('kept'));
  cancel();
  await new Promise<void>((resolve) => void clientClock.after(5, resolve));
  expect(fired).toEqual(['kept']);
});
