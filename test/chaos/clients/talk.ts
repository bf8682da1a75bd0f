import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../seeded-run/random.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { minPayloadBytes } from '../ledger/payload.ts';
import type { Member } from './crowd.ts';

const mostAtOnce = 6;

export interface Talk {
  readonly ledger: Ledger;
  /** The longest pause between two messages of those that go at once. */
  readonly maxPauseMs: number;
  readonly stop: AbortSignal;
}

/** Lets a member talk to its partner until told to stop: up to six messages at once, with pauses in between. */
export async function talk(member: Member, { ledger, maxPauseMs, stop }: Talk): Promise<void> {
  const { random } = member;
  const lines = Array.from({ length: random.int(1, mostAtOnce) }, async () => {
    while (!stop.aborted) {
      await sendOne(member, ledger);
      await pause(random.int(0, maxPauseMs), stop);
    }
  });
  await Promise.all(lines);
}

/** Sends the member's next message to its partner. Resolves when the SDK has said what became of it. */
export async function sendOne(member: Member, ledger: Ledger): Promise<void> {
  const { client, channel, partner } = member;
  await ledger.send(channel, payloadBytes(member.random), (payload) => client.say(partner().client, payload));
}

/** Mostly as long as candidates, some as descriptions, a few longer than a TCP segment. */
function payloadBytes(random: Random): number {
  if (random.chance(0.02)) return random.int(2_000, 10_000);
  return random.chance(0.15) ? random.int(400, 2_000) : random.int(minPayloadBytes, 400);
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal: stop });
  } catch {
    // The run stops: no pause any more.
  }
}
