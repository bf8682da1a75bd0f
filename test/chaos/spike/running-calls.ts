// A thread of its own: pairs of clients talk, each in its room, while others sign in from another thread.
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Bell } from '../bell.ts';
import { Ledger } from '../ledger/ledger.ts';
import { quantile } from '../report/quantile.ts';
import { type Guest, ListeningRoom } from '../slow-reader/listening-room.ts';
import type { CallsAnswer, CallsQuestion, CallsSetup } from './calls.ts';

const setup = workerData as CallsSetup;
/** About the length of a candidate. */
const messageBytes = 300;
const settleTimeoutMs = 10_000;

const arrivals = new Bell();
const ledger = new Ledger(arrivals);
const talking = new AbortController();
const rooms: ListeningRoom[] = [];
const lines: Promise<void>[] = [];

async function begin(): Promise<void> {
  for (const { roomId, guests } of setup.calls) {
    const room = new ListeningRoom(ledger, roomId);
    rooms.push(room);
    const [one, other] = await Promise.all(guests.map((guest) => room.enter(guest)));
    if (one === undefined || other === undefined) throw new Error('a call has two sides');
    lines.push(talk(room, one, other), talk(room, other, one));
  }
}

async function talk(room: ListeningRoom, from: Guest, to: Guest): Promise<void> {
  while (!talking.signal.aborted) {
    await Promise.all([room.say(from, to, messageBytes), delay(setup.everyMs)]);
  }
}

/** Of what was said since this was asked before. */
function latencies(): CallsAnswer {
  const sorted = rooms.flatMap((room) => room.takeLatenciesMs()).sort((one, other) => one - other);
  return { messages: sorted.length, p99Ms: Math.round(quantile(sorted, 0.99) * 100) / 100, faults: {} };
}

async function end(): Promise<CallsAnswer> {
  talking.abort();
  await Promise.all(lines);
  await arrivals.until(() => ledger.missing === 0, settleTimeoutMs);
  const faults = {
    lost: ledger.missing,
    ...ledger.faults,
    refused: Object.values(ledger.rejected).reduce((sum, count) => sum + count, 0),
    disconnected: rooms.flatMap((room) => room.gone).length,
  };
  for (const room of rooms) room.close();
  return { ...latencies(), faults };
}

const answers: Readonly<Record<CallsQuestion, () => CallsAnswer | Promise<CallsAnswer>>> = {
  begin: async () => {
    await begin();
    return latencies();
  },
  latencies,
  end,
};

parentPort?.on('message', (question: CallsQuestion) => {
  void Promise.resolve(answers[question]()).then((answer) => parentPort?.postMessage(answer));
});
