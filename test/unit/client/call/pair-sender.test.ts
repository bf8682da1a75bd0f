import { expect, test } from 'vitest';
import type { CallRoom } from '../../../../src/client/call/call-room.ts';
import { PairSender } from '../../../../src/client/call/pair-sender.ts';
import { ErrorCode, SignalError } from '../../../../src/client/index.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

/** A sender whose room refuses with these codes, one after the other, before it takes anything. */
function start(refusals: readonly ErrorCode[]) {
  const clock = new FakeClock();
  const left = [...refusals];
  const said: string[] = [];
  const errors: SignalError[] = [];
  const take = (what: string) => {
    said.push(what);
    const code = left.shift();
    return code === undefined ? Promise.resolve() : Promise.reject(new SignalError(code, 'refused'));
  };
  const room = {
    sendOffer: (_to, { sdp }) => take(`offer ${sdp}`),
    sendAnswer: (_to, { sdp }) => take(`answer ${sdp}`),
    sendCandidates: () => take('candidates'),
  } satisfies Partial<CallRoom>;
  const sender = new PairSender(room as unknown as CallRoom, 'b', clock, (error) => errors.push(error));
  return { clock, said, errors, sender };
}

const always = () => true;
const settled = () => new Promise(setImmediate);

test('P3: a description that was refused for now is sent again before the next one', async () => {
  const { clock, said, sender } = start([ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE]);
  sender.offer({ sdp: '1' }, always);
  sender.answer({ sdp: '2' });
  await settled();
  expect(said).toEqual(['offer 1']);
  await clock.advance(300);
  await clock.advance(600);
  expect(said).toEqual(['offer 1', 'offer 1', 'offer 1', 'answer 2']);
});

test('P3: an answer that was overtaken by candidates is said anew, and what follows it comes behind it', async () => {
  const { clock, said, errors, sender } = start([ErrorCode.NOT_APPLIED]);
  sender.answer({ sdp: '1' });
  sender.offer({ sdp: '2' }, always);
  await settled();
  sender.candidates({ candidates: [], endOfCandidates: false, negotiation: 1 });
  await settled();
  expect(said).toEqual(['answer 1', 'candidates']);
  await clock.advance(300);
  expect(said).toEqual(['answer 1', 'candidates', 'answer 1', 'offer 2']);
  expect(errors).toEqual([]);
});

test('P3: candidates that were dropped by a limit are sent again, and hold nothing up', async () => {
  const { clock, said, sender } = start([ErrorCode.RATE_LIMITED]);
  sender.candidates({ candidates: [], endOfCandidates: true, negotiation: 1 });
  sender.offer({ sdp: '1' }, always);
  await settled();
  expect(said).toEqual(['candidates', 'offer 1']);
  await clock.advance(300);
  expect(said).toEqual(['candidates', 'offer 1', 'candidates']);
});

test('an offer that does not stand any more is not sent again', async () => {
  const { clock, said, sender } = start([ErrorCode.UNAVAILABLE]);
  let isDue = true;
  sender.offer({ sdp: '1' }, () => isDue);
  await settled();
  isDue = false;
  await clock.advance(300);
  expect(said).toEqual(['offer 1']);
});

test('what can not be sent is reported, unless the other side is gone', async () => {
  const { errors, said, sender } = start([ErrorCode.PERMISSION_DENIED, ErrorCode.PEER_NOT_FOUND]);
  sender.offer({ sdp: '1' }, always);
  sender.offer({ sdp: '2' }, always);
  sender.offer({ sdp: '3' }, always);
  await settled();
  expect(said).toEqual(['offer 1', 'offer 2', 'offer 3']);
  expect(errors.map(({ code }) => code)).toEqual([ErrorCode.PERMISSION_DENIED]);
});

test('a sender that is closed tries nothing again, and leaves no timer', async () => {
  const { clock, said, sender } = start([ErrorCode.UNAVAILABLE]);
  sender.offer({ sdp: '1' }, always);
  sender.offer({ sdp: '2' }, always);
  await settled();
  sender.close();
  await settled();
  expect(clock.pending).toBe(0);
  expect(said).toEqual(['offer 1']);
});
