import type { Random } from '../../seeded-run/random.ts';

/** From the client to the server, or back. */
export type Direction = 'up' | 'down';

/**
 * - `both`: both sides are closed
 * - `reset`: both sides get a TCP reset
 * - `client_first`: the server notices later, so that the client comes back while its old connection still stands there
 * - `server_first`: the client notices later
 * - `late`: as `client_first`, and what the client sent meanwhile reaches the server after the cut, by the old connection
 * - `half`: one side is told that nothing more comes; the other direction goes on for a while
 * - `silent`: nothing is forwarded any more; both sides get a reset later
 */
export const cutKinds = ['both', 'reset', 'client_first', 'server_first', 'late', 'half', 'silent'] as const;
export type CutKind = (typeof cutKinds)[number];

/** Where and how one connection ends. */
export interface Cut {
  readonly kind: CutKind;
  readonly direction: Direction;
  /** How many bytes pass in that direction before it, from the first of the HTTP upgrade. */
  readonly afterBytes: number;
  /** How long those kinds of cuts take that do not end both sides at once. */
  readonly lingerMs: number;
}

/** More bytes than an upgrade with its sign-in has, in either direction. */
export const handshakeBytes = 1_500;
/** Bytes that it has at least. */
const earlyBytes = { up: 450, down: 330 } as const;
/** Some cuts fall into the handshake, but never two in a row: the client has to get through within its window. */
const shareInHandshake = 0.15;
const maxLingerMs = 600;

/** The cuts of one client's connections, one after the other, as chance has it. */
export class CutPlan {
  readonly #random: Random;
  readonly #maxBytes: number;
  #wasInHandshake = true;

  /** `maxBytes`: how many bytes pass at most, after the handshake. */
  constructor(random: Random, maxBytes: number) {
    this.#random = random;
    this.#maxBytes = maxBytes;
  }

  next(): Cut {
    const random = this.#random;
    this.#wasInHandshake = !this.#wasInHandshake && random.chance(shareInHandshake);
    const direction = random.pick<Direction>(['up', 'down']);
    return {
      kind: random.pick(cutKinds),
      direction,
      afterBytes: this.#wasInHandshake
        ? random.int(1, earlyBytes[direction])
        : random.int(handshakeBytes, handshakeBytes + this.#maxBytes),
      lingerMs: random.int(0, maxLingerMs),
    };
  }
}
