import { ownCopy } from './own-copy.ts';

type Fields = ReadonlyMap<string, Uint8Array>;

/**
 * The fields of rooms as members on this node know them. Members may know different ones, as one may be served later than another; those
 * that know the same share one copy, which goes with the last of them.
 */
export class SharedFields {
  readonly #copies = new Map<string, WeakRef<Fields>>();
  readonly #gone = new FinalizationRegistry<string>((roomId) => {
    // Another copy may stand there by now.
    if (this.#copies.get(roomId)?.deref() === undefined) this.#copies.delete(roomId);
  });

  /** The same fields: the copy that was given out for the room last, or a new one. */
  copyOf(roomId: string, fields: Fields): Fields {
    const last = this.#copies.get(roomId)?.deref();
    if (last !== undefined && areSame(last, fields)) return last;
    const copy = new Map(Array.from(fields, ([field, value]) => [field, ownCopy(value)]));
    this.#copies.set(roomId, new WeakRef(copy));
    this.#gone.register(copy, roomId);
    return copy;
  }
}

function areSame(one: Fields, other: Fields): boolean {
  if (one === other) return true;
  if (one.size !== other.size) return false;
  for (const [field, value] of one) {
    const same = other.get(field);
    if (same === undefined || Buffer.compare(value, same) !== 0) return false;
  }
  return true;
}
