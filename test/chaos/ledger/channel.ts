import { ErrorCode } from '../../../src/client/index.ts';

/** What the sender was told of a message: nothing yet, that the server has it, or why not. */
type Outcome = 'open' | 'accepted' | ErrorCode;

interface Message {
  outcome: Outcome;
  arrivals: number;
  /** The receiver was told, by `recovered: false`, that messages up to here may be missing. */
  saidGone: boolean;
}

/** Refusals after which nobody knows whether the message arrives. All others say that it does not. */
const unsure: ReadonlySet<Outcome> = new Set([ErrorCode.OUTCOME_UNKNOWN, ErrorCode.DEADLINE_EXCEEDED]);

/** What went wrong with an arrival. */
export type ArrivalFault = 'doubled' | 'out_of_order' | 'strange';

/** One direction of a pair: what one client handed to its SDK for the other, and what the other's SDK gave out. */
export class Channel {
  readonly id: number;
  readonly from: string;
  readonly to: string;
  readonly #messages: Message[] = [];
  #highest = -1;
  #open = 0;

  constructor(id: number, from: string, to: string) {
    this.id = id;
    this.from = from;
    this.to = to;
  }

  get sent(): number {
    return this.#messages.length;
  }

  /** The seq of the last message that arrived in its place; -1: none has. */
  get highest(): number {
    return this.#highest;
  }

  /** Messages whose promise has not settled. */
  get open(): number {
    return this.#open;
  }

  /** Notes a message as handed over; gives its seq. */
  hand(): number {
    this.#open += 1;
    return this.#messages.push({ outcome: 'open', arrivals: 0, saidGone: false }) - 1;
  }

  settle(seq: number, outcome: 'accepted' | ErrorCode): void {
    const message = this.#messages[seq];
    if (message === undefined) return;
    this.#open -= 1;
    message.outcome = outcome;
  }

  /** Notes an arrival; gives what is wrong with it. */
  arrive(seq: number): ArrivalFault | undefined {
    const message = this.#messages[seq];
    if (message === undefined) return 'strange';
    message.arrivals += 1;
    if (message.arrivals > 1) return 'doubled';
    if (seq < this.#highest) return 'out_of_order';
    this.#highest = seq;
    return undefined;
  }

  /** The receiver was told that events were lost. */
  sayGone(): void {
    for (const message of this.#messages) if (message.arrivals === 0) message.saidGone = true;
  }

  /** Messages that should still arrive. What is open counts: it was not refused. */
  get missing(): number {
    return this.#count(
      ({ outcome, arrivals, saidGone }) =>
        arrivals === 0 && !saidGone && (outcome === 'open' || outcome === 'accepted'),
    );
  }

  /** Messages whose receiver was told that they may be missing, and did miss. */
  get saidGone(): number {
    return this.#count(({ arrivals, saidGone }) => arrivals === 0 && saidGone);
  }

  /** The same of those of which the sender was told that the server has them. */
  get acknowledgedGone(): number {
    return this.#count(
      ({ outcome, arrivals, saidGone }) => arrivals === 0 && saidGone && outcome === 'accepted',
    );
  }

  /** Messages that arrived although the sender was told that they would not. */
  get contradicted(): number {
    return this.#count(
      ({ outcome, arrivals }) =>
        arrivals > 0 && outcome !== 'open' && outcome !== 'accepted' && !unsure.has(outcome),
    );
  }

  #count(holds: (message: Message) => boolean): number {
    return this.#messages.reduce((count, message) => count + Number(holds(message)), 0);
  }
}
