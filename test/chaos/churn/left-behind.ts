import type { Residue } from './residue.ts';

export interface Measurements {
  /** Of a server that nobody has been at. */
  readonly fresh: Residue;
  /** After it was warmed up. */
  readonly baseline: Residue;
  readonly after: Residue;
}

export interface Known {
  /** The classes that a server is made of. */
  readonly own: ReadonlySet<string>;
  readonly rooms: number;
  readonly users: number;
  /**
   * How many things a node may have under way while it is looked at: none in memory, a few where it asks Redis for something several
   * times a second. One left by each visit would be hundreds.
   */
  readonly underway: number;
}

/** A server remembers the rate of so many rooms before it looks for those that are quiet, see `RateLimits`. */
const rememberedRooms = ['RateLimits.#rooms', 'TokenBucket'];
/** Caches may know each user, and each of these each room: the records of the directory, where a stream is in Redis, and what is listed there. */
const roomCaches = 3;
/** What a server is made of beside its own classes, and what each connection has of it. */
const perConnection = ['WebSocket', 'Receiver', 'Sender', 'Socket', 'IncomingMessage'];
/** A metric has an entry for each kind of thing that it counted, and there are fewer kinds than this. */
const mostKinds = 100;
/** How far the heap may be from where it was. */
const heapShare = 0.1;
/**
 * How many more timers there may be: a node has a few of its own that wait for something between two rounds, as the directory does for
 * its file, and are not there just then. One for each connection would be thousands.
 */
const mostBetweenRounds = 3;
/** How many more lists of timers may wait for their time to be over: one for each duration, see timers in Node. */
const mostTimerLists = 100;

/** What is there after all have gone and was not there before, a sentence each. */
export function leftBehind({ fresh, baseline, after }: Measurements, known: Known): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, before: number, now: number, allowed = 0) => {
    if (now > before + allowed) found.push(`${what}: ${now}, ${before} before`);
  };
  for (const [gauge, value] of Object.entries(after.gauges)) {
    if (value !== 0) found.push(`${gauge}: ${value}`);
  }
  for (const [resource, count] of Object.entries(after.resources))
    compare(`active resource ${resource}`, baseline.resources[resource] ?? 0, count);
  for (const event of new Set([...Object.keys(baseline.listeners), ...Object.keys(after.listeners)])) {
    const [before, now] = [baseline.listeners[event] ?? 0, after.listeners[event] ?? 0];
    if (now !== before) found.push(`listeners of ${event}: ${now}, ${before} before`);
  }
  for (const [collection, entries] of after.collections) {
    const before = fresh.collections.get(collection) ?? 0;
    const [owner = ''] = collection.split('.');
    if (owner === 'PrometheusMetrics') compare(collection, before, entries, mostKinds);
    else if (known.own.has(owner)) compare(collection, before, entries, allowedOf(collection, known));
    // The caches of libraries.
    else compare(collection, before, entries, known.users + roomCaches * known.rooms);
  }
  for (const [name, count] of after.objects) {
    if (known.own.has(name)) compare(name, fresh.objects.get(name) ?? 0, count, allowedOf(name, known));
  }
  const grown = (name: string, allowed = 0) =>
    compare(name, baseline.objects.get(name) ?? 0, after.objects.get(name) ?? 0, allowed);
  for (const name of perConnection) grown(name);
  grown('Timeout', mostBetweenRounds);
  grown('TimersList', mostTimerLists);
  const change = after.heapBytes / baseline.heapBytes - 1;
  if (Math.abs(change) > heapShare) found.push(`heap: ${(100 * change).toFixed(1)} % of change`);
  return found;
}

function allowedOf(name: string, { rooms, underway }: Known): number {
  return rememberedRooms.includes(name) ? rooms : underway;
}
