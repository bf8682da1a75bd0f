import { SignalError } from '../../../src/client/index.ts';
import type { Bell } from '../bell.ts';
import { type ArrivalFault, Channel } from './channel.ts';
import { decodePayload, encodePayload } from './payload.ts';

/**
 * Every message of a run: what was handed to an SDK, what the SDK said of it, and what another SDK gave out. It knows them by
 * the numbers in their payloads alone, and so does not depend on what server and SDK believe.
 */
export class Ledger {
  readonly #changes: Bell;
  readonly #channels: Channel[] = [];
  readonly #faults: Record<ArrivalFault, number> = { doubled: 0, out_of_order: 0, strange: 0 };
  readonly #rejected = new Map<string, number>();
  #sent = 0;
  #accepted = 0;
  #delivered = 0;

  /** `changes` rings at each settled promise and each arrival. */
  constructor(changes: Bell) {
    this.#changes = changes;
  }

  /** A direction in which messages will go. */
  channel(from: string, to: string): Channel {
    const channel = new Channel(this.#channels.length, from, to);
    this.#channels.push(channel);
    return channel;
  }

  get sent(): number {
    return this.#sent;
  }

  /** Messages of which their senders were told that the server has them. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Messages that arrived, each counted once. */
  get delivered(): number {
    return this.#delivered;
  }

  get faults(): Readonly<Record<ArrivalFault, number>> {
    return this.#faults;
  }

  /** How many messages were refused, by the name of the error's code. */
  get rejected(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#rejected);
  }

  /** How many messages were refused. */
  get refused(): number {
    return this.refusedBut(new Set());
  }

  /** How many messages were refused by other codes than these. */
  refusedBut(codes: ReadonlySet<string>): number {
    return [...this.#rejected].reduce((sum, [code, count]) => sum + (codes.has(code) ? 0 : count), 0);
  }

  get missing(): number {
    return this.#sum(({ missing }) => missing);
  }

  get open(): number {
    return this.#sum(({ open }) => open);
  }

  get saidGone(): number {
    return this.#sum(({ saidGone }) => saidGone);
  }

  get acknowledgedGone(): number {
    return this.#sum(({ acknowledgedGone }) => acknowledgedGone);
  }

  get contradicted(): number {
    return this.#sum(({ contradicted }) => contradicted);
  }

  /** Whether a client waits for an answer. */
  hasOpen(client: string): boolean {
    return this.#channels.some(({ from, open }) => from === client && open > 0);
  }

  /** Sends one message, and notes what becomes of it. Resolves when its promise has settled, either way. */
  async send(channel: Channel, bytes: number, hand: (payload: Uint8Array) => Promise<void>): Promise<void> {
    const seq = channel.hand();
    this.#sent += 1;
    try {
      await hand(encodePayload({ channel: channel.id, seq }, bytes));
      channel.settle(seq, 'accepted');
      this.#accepted += 1;
    } catch (thrown) {
      const { code, codeName } = SignalError.from(thrown);
      channel.settle(seq, code);
      this.#rejected.set(codeName, (this.#rejected.get(codeName) ?? 0) + 1);
    }
    this.#changes.ring();
  }

  /** What a client's SDK gave out as sent to it. */
  arrive(receiver: string, payload: Uint8Array): void {
    const { channel: id = -1, seq = -1 } = decodePayload(payload) ?? {};
    const channel = this.#channels[id];
    const fault = channel?.to === receiver ? channel.arrive(seq) : 'strange';
    if (fault === undefined || fault === 'out_of_order') this.#delivered += 1;
    if (fault !== undefined) this.#faults[fault] += 1;
    this.#changes.ring();
  }

  /** A client was told that events were lost: what it was sent and has not got may be gone. */
  sayGone(receiver: string): void {
    for (const channel of this.#channels) if (channel.to === receiver) channel.sayGone();
    this.#changes.ring();
  }

  #sum(value: (channel: Channel) => number): number {
    return this.#channels.reduce((sum, channel) => sum + value(channel), 0);
  }
}
