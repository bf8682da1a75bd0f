import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../seeded-run/random.ts';
import type { Guest, ListeningRoom } from './listening-room.ts';

export interface TrafficOptions {
  readonly room: ListeningRoom;
  /** Who is said the most to, and may not read. */
  readonly slow: Guest;
  readonly others: readonly [Guest, Guest, ...Guest[]];
  readonly random: Random;
  /** What is said to the slow one, in bytes. */
  readonly bytes: number;
  readonly onProgress?: (bytes: number) => void;
  readonly stop: AbortSignal;
}

/** What is said to the slow one a second: well below what a server and its clients on one machine can do. */
const bytesPerSecond = 10_000_000;
const turnMs = 10;
const longMessage = [16_000, 48_000] as const;
const shortMessage = [100, 800] as const;
/** Between the others, one each turn. */
const mostUnanswered = 32;

/**
 * Lets everyone talk: to the slow one in long messages, and to each other in short ones, at a steady rate. Resolves when the
 * server has all of it, with the bytes that were said to the slow one.
 */
export async function talkToSlow(options: TrafficOptions): Promise<number> {
  const { room, slow, others, random, bytes, onProgress, stop } = options;
  const open = new Set<Promise<void>>();
  const say = (from: Guest, to: Guest, length: number) => {
    const said = room.say(from, to, length);
    open.add(said);
    void said.finally(() => open.delete(said));
  };
  const startedAtMs = performance.now();
  let said = 0;
  while (said < bytes) {
    stop.throwIfAborted();
    const due = Math.min(bytes, ((performance.now() - startedAtMs) / 1_000) * bytesPerSecond);
    while (said < due && open.size < mostUnanswered) {
      const length = random.int(...longMessage);
      said += length;
      say(random.pick(others), slow, length);
    }
    const from = random.pick(others);
    say(from, another(others, from, random), random.int(...shortMessage));
    onProgress?.(said);
    await delay(turnMs);
  }
  await Promise.all(open);
  return said;
}

function another(guests: TrafficOptions['others'], one: Guest, random: Random): Guest {
  for (;;) {
    const other = random.pick(guests);
    if (other !== one) return other;
  }
}
