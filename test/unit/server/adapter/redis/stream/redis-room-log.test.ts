import { expect, onTestFinished, test } from 'vitest';
import { RedisRoomLog } from '../../../../../../src/server/adapter/redis/stream/redis-room-log.ts';
import { relayCommit } from '../../../../../../src/server/domain/relay.ts';
import { FakeClock } from '../../../../../contract/fake-clock.ts';

/** More than there are lanes for. */
const rooms = 10_020;
const applied = Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 1]);

test('P3: a room in which a commit waits keeps the order of what comes, however many other rooms come after it', async () => {
  const answers: ((reply: Buffer) => void)[] = [];
  const sent: string[] = [];
  const log = new RedisRoomLog({
    redis: {
      attempt: (_, [key]) => {
        sent.push(key);
        if (key !== 'room:{busy}:state') return Promise.resolve(applied);
        return new Promise((resolve) => answers.push(resolve));
      },
      pause: () => Promise.resolve(),
      run: () => Promise.resolve(null),
      call: () => Promise.resolve(null),
      publish: () => Promise.resolve(),
      subscribe: () => Promise.resolve({ close: () => undefined }),
    },
    ...{ clock: new FakeClock(), node: 'node', keepMs: 1_000, maxBytes: 1_000, emptyGraceMs: 1_000 },
    commitTimeoutMs: 1_000,
  });
  onTestFinished(() => log.close());
  const relay = (roomId: string, seq: number) => {
    const from = { peerId: 'from', joined: { epoch: 1, offset: 1 } };
    return log.commit(
      `room:${roomId}`,
      relayCommit({ id: 'session', gen: 1, seq }, from, 'to', new Uint8Array(1)),
    );
  };
  const first = relay('busy', 1);
  for (let index = 0; index < rooms; index++) await relay(`quiet-${index}`, 1);
  const second = relay('busy', 2);
  await relay('quiet-0', 2);
  const ofBusy = () => sent.filter((key) => key === 'room:{busy}:state').length;
  expect(ofBusy()).toBe(1);
  answers.shift()?.(applied);
  await first;
  await relay('quiet-0', 3);
  expect(ofBusy()).toBe(2);
  answers.shift()?.(applied);
  await second;
});
