import { expect, test } from 'vitest';
import { Outage } from '../../../../../../src/server/adapter/redis/client/outage.ts';
import type { Log } from '../../../../../../src/server/port/log.ts';
import { FakeClock } from '../../../../../contract/fake-clock.ts';
import { quietLog } from '../../../../quiet-log.ts';

function setUp() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log: Log = {
    ...quietLog,
    info: (event) => void lines.push(event),
    warn: (event, fields) => void lines.push(`${event}: ${fields?.['reason']}`),
  };
  return { clock, lines, outage: new Outage({ server: 'localhost:6379', clock, log }) };
}

test('each reason is told once an outage, and its end where something was told', () => {
  const { lines, outage } = setUp();
  outage.ended();
  for (const reason of ['lost', 'refused', 'refused', 'lost']) outage.failed(reason);
  outage.ended();
  outage.ended();
  expect(lines).toEqual(['redis.unreachable: lost', 'redis.unreachable: refused', 'redis.reached']);
});

test('what is lost and found all the time is told every ten seconds', async () => {
  const { clock, lines, outage } = setUp();
  for (let second = 0; second < 20; second++) {
    outage.failed('lost');
    outage.ended();
    await clock.advance(1_000);
  }
  expect(lines).toEqual(Array.from({ length: 2 }, () => ['redis.unreachable: lost', 'redis.reached']).flat());
});

test('an outage that begins soon after another and lasts is told', async () => {
  const { clock, lines, outage } = setUp();
  outage.failed('lost');
  outage.ended();
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000);
    outage.failed('lost');
  }
  expect(lines).toEqual(['redis.unreachable: lost', 'redis.reached', 'redis.unreachable: lost']);
});
