import { expect, onTestFinished, test, vi } from 'vitest';
import { browserWake } from '../../../src/client/wake.ts';

test('L1: in a browser the network or the page coming back wakes the client, until it stops listening', () => {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  onTestFinished(() => void vi.unstubAllGlobals());
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  vi.stubGlobal('document', document);
  let woken = 0;
  const stop = browserWake(() => {
    woken += 1;
  });
  window.dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('visibilitychange'));
  expect(woken).toBe(1);
  document.visibilityState = 'visible';
  document.dispatchEvent(new Event('visibilitychange'));
  expect(woken).toBe(2);
  stop();
  window.dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('visibilitychange'));
  expect(woken).toBe(2);
});

test('L1: where there is no browser nothing wakes the client, and nothing fails', () => {
  expect(() => browserWake(() => {})()).not.toThrow();
});
