import calculateSlot from 'cluster-key-slot';
import type { Clock } from '../../../../shared/clock.ts';
import { Pause } from '../../../../shared/pause.ts';
import type { Log } from '../../../port/log.ts';
import { AskedServers, nameOf } from './asked-servers.ts';
import { Outage } from './outage.ts';
import { PlacedChannels } from './placed-channels.ts';
import type { ChannelListener, ChannelSubscription, Redis, RedisArgument, RedisReply } from './redis.ts';
import type { RedisAccess, RedisAddress } from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';
import { RedisPrimary } from './redis-primary.ts';
import type { RedisScript } from './redis-script.ts';
import { type RedisPlace, RedisTopology, type SlotRange, slotCount } from './redis-topology.ts';
import { closed, unavailable } from './unavailable.ts';

export interface RedisClientOptions {
  readonly place: RedisPlace;
  readonly access: RedisAccess;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a server may answer nothing while it is asked something, in milliseconds. */
  readonly deadlineMs: number;
  /** How long a call is tried, in milliseconds. */
  readonly callTimeoutMs: number;
}

export interface AttemptOptions {
  /** Of its keys, where that is known. */
  readonly slot?: number;
  /** When it is answered: as soon as the primary has it in memory, or when a replica has it too. */
  readonly ack?: 'memory' | 'replica';
  /** It was carried out by the server that its slot is still on its way to: what it announced went to those who listen there. */
  readonly onAsked?: () => void;
}

/** Waits between two tries of one call, and between two looks at the topology, in milliseconds. */
const retryMs = 50;
const lookMs = 200;
/** How often the topology is looked at although nothing seems wrong, and while a primary can't be reached, in milliseconds. */
const routineLookMs = 2_000;
const anxiousLookMs = 500;

/** Sends what was sent once more, to the server that its slot is on its way to. */
type Ask = (server: RedisPrimary) => Promise<RedisReply>;

/**
 * The Redis deployment of a node: knows its primaries and their slots, and keeps connections to them. Commands of one slot that are sent
 * one after the other on an unchanged topology are carried out in that order; of those that wait for a replica this is true among themselves.
 */
export class RedisClient implements Redis {
  readonly #options: RedisClientOptions;
  readonly #topology: RedisTopology;
  /** Of whoever is asked for the topology. */
  readonly #outage: Outage;
  readonly #primaries = new Map<string, RedisPrimary>();
  readonly #askedServers: AskedServers;
  #slots: readonly (RedisPrimary | undefined)[] = [];
  readonly #channels: PlacedChannels;
  readonly #pause: Pause;
  #looking: Promise<void> | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #cancelRoutine: () => void = () => undefined;
  #isClosed = false;
  #isAvailable = false;
  readonly #watchers = new Set<(isAvailable: boolean) => void>();
  readonly #refusals = new Map<string, number>();

  constructor(options: RedisClientOptions) {
    this.#options = options;
    this.#topology = new RedisTopology(options);
    this.#outage = new Outage({ ...options, server: options.place.kind });
    this.#askedServers = new AskedServers(options.clock, (address) => this.#connect(address));
    this.#pause = new Pause(options.clock);
    this.#channels = new PlacedChannels({ ...options, primaryOf: (slot) => this.#slots[slot] });
    void this.look();
    if (!this.#topology.isFixed) this.#lookRoutinely();
  }

  /** Whether every primary can be asked. */
  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  /** How often a server refused a command that was not carried out, by the first word of its error: `TRYAGAIN`. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#refusals;
  }

  /** Calls back when that changes, until closed. */
  watch(listener: (isAvailable: boolean) => void): ChannelSubscription {
    this.#watchers.add(listener);
    return { close: () => void this.#watchers.delete(listener) };
  }

  /** The addresses of the primaries that are known. */
  get primaries(): readonly RedisAddress[] {
    return Array.from(this.#primaries.values(), ({ address }) => address);
  }

  /**
   * Sends a script once, to the primary that has the slot, and where that says so once to the server that gets it. Rejects with a fault,
   * and UNAVAILABLE once closed; what can be mended is being mended by then: the script loaded, the topology looked at.
   */
  attempt(
    script: RedisScript,
    keys: readonly [string, ...string[]],
    args: readonly RedisArgument[],
    { slot = calculateSlot(keys[0]), ack = 'memory', onAsked }: AttemptOptions = {},
  ): Promise<RedisReply> {
    const primary = this.#slots[slot];
    if (primary === undefined) return this.#noPrimary(slot);
    const call = script.callOn(keys);
    const answered = ack === 'memory' ? primary.run(call, args) : primary.runReplicated(call, args);
    return answered.catch((error: unknown) =>
      this.#mend(primary, error, {
        script,
        ask: async (server) => {
          const asked =
            ack === 'memory' ? server.run(call, args, true) : server.runReplicated(call, args, true);
          const reply = await asked;
          onAsked?.();
          return reply;
        },
      }),
    );
  }

  run(
    script: RedisScript,
    keys: readonly [string, ...string[]],
    args: readonly RedisArgument[],
    fewer?: readonly [string, ...string[]],
  ): Promise<RedisReply> {
    const withAll = () => this.attempt(script, keys, args);
    if (fewer === undefined) return this.#untilDone(withAll);
    return this.#untilDone(() =>
      withAll().catch((error: unknown) => {
        if (error instanceof RedisFault && error.word === 'TRYAGAIN')
          return this.attempt(script, fewer, args);
        throw error;
      }),
    );
  }

  call(key: string, command: string, ...args: readonly RedisArgument[]): Promise<RedisReply> {
    const slot = calculateSlot(key);
    return this.#untilDone(() => {
      const primary = this.#slots[slot];
      if (primary === undefined) return this.#noPrimary(slot);
      return primary
        .send(command, args)
        .catch((error: unknown) =>
          this.#mend(primary, error, { ask: (server) => server.send(command, args, true) }),
        );
    });
  }

  async publish(channel: string, message: Uint8Array): Promise<void> {
    await this.call(channel, 'SPUBLISH', channel, message);
  }

  subscribe(channel: string, listener: ChannelListener): Promise<ChannelSubscription> {
    return this.#isClosed ? Promise.reject(closed()) : this.#channels.subscribe(channel, listener);
  }

  /** Looks at the topology, unless that is being done, or was just now. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Waits before something is tried again. Once closed there is nothing to wait for. */
  pause(): Promise<void> {
    return this.#isClosed ? Promise.resolve() : this.#pause.wait(retryMs);
  }

  /** Whoever waits for something ends UNAVAILABLE. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRoutine();
    this.#pause.end();
    this.#channels.close();
    this.#askedServers.close();
    for (const primary of this.#primaries.values()) primary.close();
    this.#primaries.clear();
    this.#slots = [];
  }

  /** Tries until it is done, or for so long as a call is tried. */
  async #untilDone(once: () => Promise<RedisReply>): Promise<RedisReply> {
    const { clock, callTimeoutMs } = this.#options;
    const untilMs = clock.monotonicMs() + callTimeoutMs;
    for (;;) {
      try {
        return await once();
      } catch (thrown) {
        const isHopeless = !(thrown instanceof RedisFault) || thrown.kind === 'refused';
        if (isHopeless) throw thrown;
        if (this.#isClosed || clock.monotonicMs() >= untilMs) throw unavailable(thrown);
        await this.pause();
      }
    }
  }

  /** Asks who is to be asked instead, once. Otherwise mends what can be, and then rejects with the same fault. */
  async #mend(
    primary: RedisPrimary,
    error: unknown,
    { script, ask }: { readonly script?: RedisScript; readonly ask?: Ask },
  ): Promise<RedisReply> {
    if (!(error instanceof RedisFault)) throw error;
    if (error.word !== '' && error.notCarriedOut)
      this.#refusals.set(error.word, (this.#refusals.get(error.word) ?? 0) + 1);
    if (error.kind === 'no-script' && script !== undefined) {
      await primary.load(script).catch(() => undefined);
    } else if (ask !== undefined && error.asks !== undefined && !this.#isClosed) {
      const server = this.#serverAt({ ...error.asks, host: error.asks.host || primary.address.host });
      return ask(server).catch((again: unknown) => this.#mend(server, again, script ? { script } : {}));
    } else if (error.kind === 'elsewhere') {
      // With a server that is no primary any more nothing is to be done; the same address may be one again.
      if (error.word === 'READONLY') primary.reconnect();
      await this.look();
    } else if (error.word === 'CLUSTERDOWN') {
      // It may be the only one that sees it so, for others have its slots by now.
      void this.look();
    }
    throw error;
  }

  async #look(): Promise<void> {
    const { clock } = this.#options;
    const sinceMs = clock.monotonicMs() - this.#lookedAtMs;
    if (sinceMs < lookMs && !this.#isClosed) await this.#pause.wait(lookMs - sinceMs);
    this.#lookedAtMs = clock.monotonicMs();
    if (this.#isClosed) return;
    try {
      const ranges = await this.#topology.discover(this.primaries);
      this.#outage.ended();
      this.#apply(ranges);
    } catch (error) {
      this.#outage.failed(error instanceof Error ? error.message : String(error));
    }
  }

  #lookRoutinely(): void {
    this.#cancelRoutine();
    const afterMs = this.#isAvailable ? routineLookMs : anxiousLookMs;
    this.#cancelRoutine = this.#options.clock.after(afterMs, () => {
      void this.look().finally(() => {
        if (!this.#isClosed) this.#lookRoutinely();
      });
    });
  }

  #apply(ranges: readonly SlotRange[]): void {
    if (this.#isClosed) return;
    const slots: (RedisPrimary | undefined)[] = Array.from({ length: slotCount });
    for (const { first, last, primary } of ranges) slots.fill(this.#primaryAt(primary), first, last + 1);
    this.#slots = slots;
    const used = new Set(slots);
    this.#channels.place();
    for (const [name, primary] of this.#primaries) {
      if (used.has(primary)) continue;
      this.#primaries.delete(name);
      primary.close();
    }
    this.#askedServers.closeUnused();
    this.#changed();
  }

  #primaryAt(address: RedisAddress): RedisPrimary {
    const known = this.#primaries.get(nameOf(address));
    if (known !== undefined) return known;
    const primary = this.#askedServers.take(address) ?? this.#connect(address);
    this.#primaries.set(nameOf(address), primary);
    return primary;
  }

  /** Whether it is known to have slots or not. */
  #serverAt(address: RedisAddress): RedisPrimary {
    return this.#primaries.get(nameOf(address)) ?? this.#askedServers.at(address);
  }

  #connect(address: RedisAddress): RedisPrimary {
    return new RedisPrimary({
      ...this.#options,
      address,
      onChange: () => this.#changed(),
      onMoved: () => void this.look(),
    });
  }

  #noPrimary(slot: number): Promise<never> {
    return Promise.reject(
      this.#isClosed ? closed() : new RedisFault('not-sent', `no primary is known for slot ${slot}`),
    );
  }

  #changed(): void {
    const primaries = [...this.#primaries.values()];
    const isAvailable = primaries.length > 0 && primaries.every(({ isReady }) => isReady);
    const mayBeReplaced = !isAvailable && !this.#isClosed && !this.#topology.isFixed;
    if (mayBeReplaced) void this.look();
    if (isAvailable === this.#isAvailable) return;
    this.#isAvailable = isAvailable;
    if (mayBeReplaced) this.#lookRoutinely();
    for (const watcher of this.#watchers) watcher(isAvailable);
  }
}
