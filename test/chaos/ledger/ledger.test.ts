import { expect, test } from 'vitest';
import { ErrorCode, SignalError } from '../../../src/client/index.ts';
import { Bell } from '../bell.ts';
import { Ledger } from './ledger.ts';
import { decodePayload, encodePayload } from './payload.ts';

/** A ledger with one channel, and a way to send on it whose payloads are kept. */
function openLedger() {
  const ledger = new Ledger(new Bell());
  const channel = ledger.channel('ann', 'bob');
  const payloads: Uint8Array[] = [];
  const send = async (outcome: Promise<void> = Promise.resolve()) => {
    await ledger.send(channel, 40, (payload) => {
      payloads.push(payload);
      return outcome;
    });
  };
  const arrive = (index: number, receiver = 'bob') =>
    ledger.arrive(receiver, payloads[index] ?? new Uint8Array());
  return { ledger, send, arrive };
}

const refusal = (code: ErrorCode) => Promise.reject(new SignalError(code, 'refused'));
const none = { doubled: 0, out_of_order: 0, strange: 0 };

test('a message that was accepted is missing until it arrives', async () => {
  const { ledger, send, arrive } = openLedger();
  await send();
  expect(ledger.missing).toBe(1);
  arrive(0);
  expect(ledger).toMatchObject({ missing: 0, sent: 1, delivered: 1, faults: none });
});

test('a message without an answer is missing too, and its sender has one open', () => {
  const { ledger, send } = openLedger();
  void send(new Promise(() => {}));
  expect(ledger).toMatchObject({ missing: 1, open: 1 });
  expect([ledger.hasOpen('ann'), ledger.hasOpen('bob')]).toEqual([true, false]);
});

test('what arrives twice, late, at another or changed is seen', async () => {
  const { ledger, send, arrive } = openLedger();
  for (let count = 0; count < 3; count++) await send();
  arrive(1);
  arrive(0);
  expect(ledger.faults).toEqual({ ...none, out_of_order: 1 });
  arrive(1);
  expect(ledger.faults).toMatchObject({ doubled: 1 });
  arrive(2, 'eve');
  ledger.arrive('bob', encodePayload({ channel: 0, seq: 9 }, 40));
  ledger.arrive('bob', encodePayload({ channel: 7, seq: 0 }, 40));
  expect(ledger.faults).toEqual({ doubled: 1, out_of_order: 1, strange: 3 });
  expect(ledger).toMatchObject({ delivered: 2, missing: 1 });
});

test('what was refused need not arrive, and must not, unless the outcome is unknown', async () => {
  const { ledger, send, arrive } = openLedger();
  await send(refusal(ErrorCode.NOT_APPLIED));
  await send(refusal(ErrorCode.OUTCOME_UNKNOWN));
  expect(ledger).toMatchObject({ missing: 0, rejected: { NOT_APPLIED: 1, OUTCOME_UNKNOWN: 1 } });
  arrive(1);
  expect(ledger.contradicted).toBe(0);
  arrive(0);
  expect(ledger.contradicted).toBe(1);
});

test('who is told that events were lost is told of those sent so far, not of those to come', async () => {
  const { ledger, send } = openLedger();
  await send();
  await send(refusal(ErrorCode.OUTCOME_UNKNOWN));
  ledger.sayGone('bob');
  await send();
  expect(ledger).toMatchObject({ missing: 1, saidGone: 2, acknowledgedGone: 1 });
});

test('a payload of which one bit changed is none', () => {
  const payload = encodePayload({ channel: 3, seq: 70_000 }, 300);
  expect(decodePayload(payload)).toEqual({ channel: 3, seq: 70_000 });
  payload[200] = (payload[200] ?? 0) ^ 1;
  expect(decodePayload(payload)).toBeUndefined();
});
