import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../../shared/clock.ts';
import type {
  Attachment,
  AttachmentResult,
  Commit,
  CommitResult,
  Position,
  ReadResult,
  RoomLog,
  StreamListener,
  StreamName,
  StreamState,
  Subscription,
} from '../../../port/room-log.ts';
import type { Redis, RedisArgument, RedisReply } from '../client/redis.ts';
import type { RedisClient } from '../client/redis-client.ts';
import { RedisScript } from '../client/redis-script.ts';
import { RoomList } from './room-list.ts';
import {
  commitArguments,
  commitResult,
  isRelay,
  pushRelay,
  type RelayCommit,
  relayResults,
} from './stream-commands.ts';
import { StreamLane, type StreamLaneOptions } from './stream-lane.ts';
import { announcedElsewhereMessage, publishedMessage } from './stream-message.ts';
import { type StreamPlace, streamPlace } from './stream-place.ts';
import { readEntries, readState } from './stream-records.ts';
import { StreamWatch } from './stream-watch.ts';

export interface RedisRoomLogOptions {
  readonly redis: Pick<RedisClient, 'attempt' | 'pause'> & Redis;
  readonly clock: Clock;
  /** This node's name: its members' records have it. */
  readonly node: string;
  /** How long entries are kept, in milliseconds: the longest reconnection window and some more. */
  readonly keepMs: number;
  /** How many bytes of bodies a stream keeps at most; the newest entry is always kept. */
  readonly maxBytes: number;
  /** How long a room without members is kept, in milliseconds. */
  readonly emptyGraceMs: number;
  /** How long a commit may wait to be carried out, in milliseconds. */
  readonly commitTimeoutMs: number;
  /** When a commit counts as done: as soon as the primary has it, or when a replica has it too. Default: memory. */
  readonly ack?: 'memory' | 'replica';
}

const script = (name: string) => RedisScript.load(import.meta.url, '../lineage.lua', 'stream.lua', name);
const commitScript = script('./commit.lua');
const relayScript = script('./relay.lua');
const attachScript = script('./attach.lua');
const readScript = script('./read.lua');
const stateScript = script('./state.lua');
const lookScript = script('./look.lua');
const vouchScript = script('./vouch.lua');

/** How long it is asked whether a commit was carried out, beyond its time, in milliseconds. */
const doubtMs = 5_000;
const maxSeed = 2 ** 30;
/** Places of streams that are remembered. */
const maxPlaces = 100_000;

/** The log in Redis, for any number of nodes: one slot a stream, one script a commit. */
export class RedisRoomLog implements RoomLog {
  readonly #options: RedisRoomLogOptions;
  /** Of the streams that this node follows, and of those to which something is being committed. */
  readonly #lanes = new Map<StreamName, StreamLane>();
  readonly #laneOptions: StreamLaneOptions;
  readonly #places = new LRUCache<StreamName, StreamPlace>({ max: maxPlaces });
  readonly #list: RoomList;
  readonly #watch: StreamWatch;

  constructor(options: RedisRoomLogOptions) {
    this.#options = options;
    this.#laneOptions = {
      clock: options.clock,
      timeoutMs: options.commitTimeoutMs,
      doubtMs,
      send: (place, commits) => this.#send(place, commits),
      pause: () => options.redis.pause(),
      onUnused: ({ stream }) => void this.#lanes.delete(stream),
    };
    this.#list = new RoomList(options);
    this.#watch = new StreamWatch({
      ...options,
      look: (place) => this.#look(place),
      vouch: ({ keys }, { epoch, offset }) => options.redis.run(vouchScript, keys, [seed(), epoch, offset]),
    });
  }

  commit(stream: StreamName, commit: Commit): Promise<CommitResult> {
    const joined = isJoin(commit) ? roomIdOf(stream) : undefined;
    // Sent before the commit, and in nobody's way: the list is in a slot of its own.
    const listed = joined === undefined ? undefined : this.#list.add(joined);
    const committed = this.#lane(stream).commit(commit);
    return listed === undefined ? committed : Promise.all([committed, listed]).then(([result]) => result);
  }

  async attach(stream: StreamName, { sessionId, peerId, gen, node }: Attachment): Promise<AttachmentResult> {
    const { redis, emptyGraceMs } = this.#options;
    const { keys } = this.#place(stream);
    const reply = await redis.run(attachScript, keys, [seed(), emptyGraceMs, sessionId, peerId, gen, node]);
    return Array.isArray(reply)
      ? { outcome: 'attached', state: readState(reply as readonly RedisReply[]) }
      : { outcome: 'stale' };
  }

  async read(stream: StreamName, { epoch, offset }: Position, maxBytes: number): Promise<ReadResult> {
    const { keys } = this.#place(stream);
    const reply = await this.#options.redis.run(readScript, keys, [seed(), epoch, offset, maxBytes]);
    if (reply === null) return { good: false, why: 'lost' };
    if (!Array.isArray(reply)) return { good: false, why: 'trimmed' };
    return readEntries(reply as readonly RedisReply[]);
  }

  async state(stream: StreamName): Promise<StreamState | undefined> {
    const reply = await this.#options.redis.run(stateScript, this.#place(stream).keys, [seed()]);
    return Array.isArray(reply) ? readState(reply as readonly RedisReply[]) : undefined;
  }

  async subscribe(stream: StreamName, listener: StreamListener): Promise<Subscription> {
    const letGo = this.#lane(stream).keep();
    try {
      const subscription = await this.#watch.subscribe(this.#place(stream), listener);
      return {
        close: () => {
          subscription.close();
          letGo();
        },
      };
    } catch (error) {
      letGo();
      throw error;
    }
  }

  publish(stream: StreamName, key: string, body: Uint8Array): Promise<void> {
    return this.#options.redis.publish(this.#place(stream).channel, publishedMessage(key, body));
  }

  rooms(after: string, limit: number): Promise<readonly string[]> {
    return this.#list.withMembers(after, limit);
  }

  /** Nothing is looked after any more. */
  close(): void {
    this.#watch.close();
    this.#list.close();
  }

  #lane(stream: StreamName): StreamLane {
    const known = this.#lanes.get(stream);
    if (known !== undefined) return known;
    const lane = new StreamLane(this.#place(stream), this.#laneOptions);
    this.#lanes.set(stream, lane);
    return lane;
  }

  #send(place: StreamPlace, commits: readonly Commit[]): Promise<readonly CommitResult[]> {
    return areRelays(commits)
      ? this.#sendRelays(place, commits)
      : this.#sendOther(place, commits[0] as Commit);
  }

  #sendRelays(place: StreamPlace, relays: readonly RelayCommit[]): Promise<readonly CommitResult[]> {
    const { redis, keepMs, maxBytes, ack = 'memory' } = this.#options;
    const args: RedisArgument[] = [seed(), keepMs, maxBytes];
    for (const relay of relays) pushRelay(args, relay);
    return redis
      .attempt(relayScript, place.keys, args, {
        slot: place.slot,
        ack,
        onAsked: () => this.#announcedElsewhere(place),
      })
      .then((reply) => this.#sent(place, relayResults(relays, reply as Buffer)));
  }

  #sent(place: StreamPlace, results: readonly CommitResult[]): readonly CommitResult[] {
    for (const result of results) if (result.outcome === 'applied') this.#watch.wrote(place, result.position);
    return results;
  }

  async #sendOther(place: StreamPlace, commit: Commit): Promise<readonly CommitResult[]> {
    const { stream, keys, slot } = place;
    const onAsked = () => this.#announcedElsewhere(place);
    const { redis, keepMs, maxBytes, emptyGraceMs, ack = 'memory' } = this.#options;
    const args: RedisArgument[] = [seed(), keepMs, maxBytes, emptyGraceMs, ...commitArguments(commit)];
    const reply = await redis.attempt(commitScript, keys, args, { slot, ack, onAsked });
    const result = commitResult(commit, reply);
    const roomId = isJoin(commit) && isFirst(result) ? roomIdOf(stream) : undefined;
    if (roomId !== undefined) this.#list.began(roomId);
    return this.#sent(place, [result]);
  }

  /** While a slot is on its way everyone listens where it comes from, also to this. Who misses it looks after some silence. */
  #announcedElsewhere({ channel }: StreamPlace): void {
    this.#options.redis.publish(channel, announcedElsewhereMessage).catch(() => undefined);
  }

  async #look({ keys }: StreamPlace) {
    const { redis, node } = this.#options;
    const reply = await redis.run(lookScript, keys, [node]);
    if (reply === null) return undefined;
    const [epoch, offset, last] = reply as readonly RedisReply[] as readonly [number, number, number];
    return { head: { epoch, offset }, last };
  }

  #place(stream: StreamName): StreamPlace {
    const known = this.#places.get(stream);
    if (known !== undefined) return known;
    const place = streamPlace(stream);
    this.#places.set(stream, place);
    return place;
  }
}

function isJoin({ changes }: Commit): boolean {
  return changes.some(({ kind }) => kind === 'add-member');
}

/** Undefined: the stream is not a room's. */
function roomIdOf(stream: StreamName): string | undefined {
  return stream.startsWith('room:') ? stream.slice('room:'.length) : undefined;
}

function areRelays(commits: readonly Commit[]): commits is readonly RelayCommit[] {
  return commits[0] !== undefined && isRelay(commits[0]);
}

/** Whether it has the offset with which a stream begins. */
function isFirst(result: CommitResult): boolean {
  return result.outcome === 'applied' && result.position.offset === 1;
}

/** The epoch that begins where one has to, of 30 bits: such numbers are the quickest. Not 0; it need not be secret. */
function seed(): number {
  return 1 + Math.floor(Math.random() * (maxSeed - 1));
}
