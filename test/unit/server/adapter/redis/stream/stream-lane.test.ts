import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { RedisFault } from '../../../../../../src/server/adapter/redis/client/redis-fault.ts';
import { StreamLane } from '../../../../../../src/server/adapter/redis/stream/stream-lane.ts';
import { streamPlace } from '../../../../../../src/server/adapter/redis/stream/stream-place.ts';
import { relayCommit } from '../../../../../../src/server/domain/relay.ts';
import type { Commit, CommitResult } from '../../../../../../src/server/port/room-log.ts';
import { ErrorCode, SignalError } from '../../../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../../../contract/fake-clock.ts';

const applied: CommitResult = { outcome: 'applied', position: { epoch: 1, offset: 1 }, again: false };

/** A lane whose batches are answered by `answer`, with the seqs that it was sent, batch by batch. */
function laneWith(answer: (commits: readonly Commit[]) => Promise<readonly CommitResult[]>) {
  const sent: number[][] = [];
  const unused: string[] = [];
  const lane = new StreamLane(streamPlace('room:daily'), {
    clock: new FakeClock(),
    timeoutMs: 1_000,
    doubtMs: 1_000,
    send: (_, commits) => {
      sent.push(commits.map(({ source }) => source.seq));
      return answer(commits);
    },
    pause: () => Promise.resolve(),
    onUnused: () => unused.push('unused'),
  });
  return { lane, sent, unused };
}

function relay(seq: number): Commit {
  const from = { peerId: 'from', joined: { epoch: 1, offset: 1 } };
  return relayCommit({ id: 'session', gen: 1, seq }, from, 'to', new Uint8Array(1));
}

function other(seq: number): Commit {
  return { source: { id: 'session', gen: 1, seq }, checks: [], changes: [{ kind: 'delete', field: 'a' }] };
}

test('P3: commits to a stream go in their order: relays together, another by itself, none past the other', async () => {
  const { lane, sent } = laneWith((commits) => Promise.resolve(commits.map(() => applied)));
  const commits = [relay(1), relay(2), other(3), relay(4), other(5), other(6), relay(7)];
  await Promise.all(commits.map((commit) => lane.commit(commit)));
  expect(sent).toEqual([[1, 2], [3], [4], [5], [6], [7]]);
});

test('a lane is unused when nothing waits and nobody keeps it', async () => {
  const { lane, unused } = laneWith((commits) => Promise.resolve(commits.map(() => applied)));
  const letGo = lane.keep();
  await lane.commit(relay(1));
  await setImmediate();
  expect(unused).toEqual([]);
  const last = lane.commit(relay(2));
  letGo();
  expect(unused).toEqual([]);
  await last;
  await setImmediate();
  expect(unused).toEqual(['unused']);
});

test('many relays go in batches', async () => {
  const { lane, sent } = laneWith((commits) => Promise.resolve(commits.map(() => applied)));
  await Promise.all(Array.from({ length: 150 }, (_, index) => lane.commit(relay(index))));
  expect(sent.map(({ length }) => length)).toEqual([64, 64, 22]);
  expect(sent.flat()).toEqual(Array.from({ length: 150 }, (_, index) => index));
});

test('N4: what may have been carried out is sent again before anything else, and a refusal then says that it may have had its effect', async () => {
  const refused: CommitResult = {
    outcome: 'refused',
    failed: { kind: 'member', peerId: 'from', otherwise: ErrorCode.NOT_IN_ROOM },
  };
  let isLost = true;
  const { lane, sent } = laneWith((commits) => {
    if (!isLost) return Promise.resolve(commits.map(() => refused));
    isLost = false;
    return Promise.reject(new RedisFault('unknown', 'the connection broke'));
  });
  const results = await Promise.all([lane.commit(relay(1)), lane.commit(other(2))]);
  expect(sent).toEqual([[1], [1], [2]]);
  expect(results).toEqual([{ ...refused, inDoubt: true }, refused]);
});

test('N4: what may have been carried out is never said to have had no effect, also where it can not be sent again', async () => {
  const errors = [
    new RedisFault('refused', 'ERR a fault in a script'),
    new SignalError(ErrorCode.UNAVAILABLE, 'the store can not be reached'),
  ];
  for (const error of errors) {
    let isFirst = true;
    const { lane } = laneWith(() => {
      const thrown = isFirst ? new RedisFault('unknown', 'the connection broke') : error;
      isFirst = false;
      return Promise.reject(thrown);
    });
    const doubtful = lane.commit(other(1));
    const behind = lane.commit(other(2)).catch((thrown: unknown) => thrown);
    await expect(doubtful).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN, cause: error });
    expect(await behind).toBe(error);
  }
});

test('N4: what could not be sent in its time and what was refused all the time each say so, without the word of the server', async () => {
  const clock = new FakeClock();
  const failing = (fault: RedisFault) =>
    new StreamLane(streamPlace('room:daily'), {
      ...{ clock, timeoutMs: 1_000, doubtMs: 1_000 },
      send: () => Promise.reject(fault),
      pause: () => clock.advance(400),
      onUnused: () => undefined,
    });
  const refused = failing(RedisFault.ofReply(new Error('NOREPLICAS Not enough good replicas to write.')));
  await expect(refused.commit(other(1))).rejects.toMatchObject({
    code: ErrorCode.UNAVAILABLE,
    message: 'the store takes no writes for now: the request had no effect',
  });
  await expect(failing(new RedisFault('not-sent', 'no connection')).commit(other(1))).rejects.toMatchObject({
    code: ErrorCode.UNAVAILABLE,
    message: 'the store can not be reached: the request had no effect',
  });
});
