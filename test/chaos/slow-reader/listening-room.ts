import { randomUUID } from 'node:crypto';
import { FrameClient } from '../clients/frame-client.ts';
import type { Channel } from '../ledger/channel.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { decodePayload } from '../ledger/payload.ts';

/** Who enters, and where. */
export interface GuestOptions {
  readonly name: string;
  readonly url: string;
  readonly token: string;
}

/** Somebody in the room. */
export interface Guest {
  readonly name: string;
  readonly peerId: string;
  readonly client: FrameClient;
}

/** A room whose every message is in the ledger, with the time that it took. */
export class ListeningRoom {
  readonly #ledger: Ledger;
  readonly #roomId: string;
  readonly #channels = new Map<string, Channel>();
  /** Of what has not arrived, by channel and seq: when it was to be said, by `performance.now()`. */
  readonly #dueAtMs = new Map<number, Map<number, number>>();
  readonly #latenciesMs = new Map<number, number[]>();
  readonly #guests: Guest[] = [];

  constructor(ledger: Ledger, roomId: string) {
    this.#ledger = ledger;
    this.#roomId = roomId;
  }

  async enter({ name, url, token }: GuestOptions): Promise<Guest> {
    const peerId = randomUUID();
    const client = await FrameClient.open({
      url,
      onEvent: ({ body }) => {
        const said = body.case === 'relay' ? body.value.body?.kind : undefined;
        if (said?.case === 'signal') this.#arrived(name, said.value.data);
      },
    });
    const guest = { name, peerId, client };
    this.#guests.push(guest);
    await client.hello({ token });
    await client.request({ case: 'joinRoom', value: { roomId: this.#roomId, peerId } });
    return guest;
  }

  /** Resolves when the server has it. `dueAtMs`: when it was to be said, which is what its time counts from. */
  async say(from: Guest, to: Guest, bytes: number, dueAtMs = performance.now()): Promise<void> {
    const channel = this.#channel(from, to);
    const waiting = this.#dueAtMs.get(channel.id) ?? new Map<number, number>();
    this.#dueAtMs.set(channel.id, waiting.set(channel.sent, dueAtMs));
    await this.#ledger.send(channel, bytes, (payload) => from.client.say(this.#roomId, to.peerId, payload));
  }

  /** What has not arrived of what was said to everyone but one. */
  missingBut(guest: Guest): number {
    return this.#sumOf(({ to }) => to !== guest.name);
  }

  /** What has not arrived of what was said to one. */
  missingOf(guest: Guest): number {
    return this.#sumOf(({ to }) => to === guest.name);
  }

  /** How long messages among these took, from the hand of one to that of the other, sorted. */
  latenciesMs(among: readonly Guest[]): readonly number[] {
    const names = new Set(among.map(({ name }) => name));
    return Array.from(this.#channels.values())
      .filter(({ from, to }) => names.has(from) && names.has(to))
      .flatMap(({ id }) => this.#latenciesMs.get(id) ?? [])
      .sort((one, other) => one - other);
  }

  /** The same among all, in no order; they are forgotten then. What has not arrived counts with the time that it has waited. */
  takeLatenciesMs(): readonly number[] {
    const nowMs = performance.now();
    const arrived = [...this.#latenciesMs.values()].flat();
    const waiting = [...this.#dueAtMs.values()].flatMap((dues) => [...dues.values()]);
    this.#latenciesMs.clear();
    return [...arrived, ...waiting.map((dueMs) => nowMs - dueMs)];
  }

  forgetLatencies(): void {
    this.#latenciesMs.clear();
  }

  /** Who has no connection any more. */
  get gone(): readonly string[] {
    return this.#guests.filter(({ client }) => !client.isOpen).map(({ name }) => name);
  }

  close(): void {
    for (const { client } of this.#guests) client.drop();
  }

  #arrived(name: string, data: Uint8Array): void {
    const { channel = -1, seq = -1 } = decodePayload(data) ?? {};
    const waiting = this.#dueAtMs.get(channel);
    const dueMs = waiting?.get(seq);
    if (dueMs !== undefined) {
      const latencies = this.#latenciesMs.get(channel) ?? [];
      latencies.push(performance.now() - dueMs);
      this.#latenciesMs.set(channel, latencies);
      waiting?.delete(seq);
    }
    this.#ledger.arrive(name, data);
  }

  #channel(from: Guest, to: Guest): Channel {
    const key = `${from.name} ${to.name}`;
    const known = this.#channels.get(key) ?? this.#ledger.channel(from.name, to.name);
    this.#channels.set(key, known);
    return known;
  }

  #sumOf(isMeant: (channel: Channel) => boolean): number {
    return Array.from(this.#channels.values())
      .filter(isMeant)
      .reduce((sum, { missing }) => sum + missing, 0);
  }
}
