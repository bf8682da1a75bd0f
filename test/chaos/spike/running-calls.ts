// A process of its own: pairs of clients talk, each in its room, while others sign in from another process.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Bell } from '../bell.ts';
import { Ledger } from '../ledger/ledger.ts';
import { quantile } from '../report/quantile.ts';
import { type Guest, ListeningRoom } from '../slow-reader/listening-room.ts';
import { answerWith } from './asked-process.ts';
import type { CallsAnswer, CallsSetup } from './calls.ts';

/** About the length of a candidate. */
const messageBytes = 300;
const settleTimeoutMs = 10_000;
const msPerNs = 1e-6;

const arrivals = new Bell();
const ledger = new Ledger(arrivals);
const talking = new AbortController();
const rooms: ListeningRoom[] = [];
const lines: Promise<void>[] = [];
const resolution = 5;
const lateness = monitorEventLoopDelay({ resolution });
lateness.enable();

async function begin({ calls, everyMs }: CallsSetup): Promise<void> {
  for (const { roomId, guests } of calls) {
    const room = new ListeningRoom(ledger, roomId);
    rooms.push(room);
    const [one, other] = await Promise.all(guests.map((guest) => room.enter(guest)));
    if (one === undefined || other === undefined) throw new Error('a call has two sides');
    lines.push(talk(room, one, other, everyMs), talk(room, other, one, everyMs));
  }
}

/** By the clock, whether or not what was said before has arrived: or a stall would delay what it should be measured by. */
async function talk(room: ListeningRoom, from: Guest, to: Guest, everyMs: number): Promise<void> {
  for (let dueMs = performance.now(); !talking.signal.aborted; dueMs += everyMs) {
    await delay(Math.max(0, dueMs - performance.now()));
    void room.say(from, to, messageBytes, dueMs);
  }
}

/** Of what was said since this was asked before. */
function latencies(): CallsAnswer {
  const sorted = rooms.flatMap((room) => room.takeLatenciesMs()).sort((one, other) => one - other);
  const lateP99Ms = rounded(Math.max(0, lateness.percentile(99) * msPerNs - resolution));
  lateness.reset();
  return { messages: sorted.length, p99Ms: rounded(quantile(sorted, 0.99)), lateP99Ms, faults: {} };
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

async function end(): Promise<CallsAnswer> {
  talking.abort();
  await Promise.all(lines);
  await arrivals.until(() => ledger.missing === 0 && ledger.open === 0, settleTimeoutMs);
  const faults = {
    lost: ledger.missing,
    ...ledger.faults,
    refused: Object.values(ledger.rejected).reduce((sum, count) => sum + count, 0),
    disconnected: rooms.flatMap((room) => room.gone).length,
  };
  for (const room of rooms) room.close();
  return { ...latencies(), faults };
}

answerWith({
  begin: async (setup: CallsSetup) => {
    await begin(setup);
    return latencies();
  },
  latencies,
  end,
});
