/** Gives a number from 0 that is below a bound of at least 1. */
export type Pick = (below: number) => number;

/** Picks by given numbers, one after the other, and 0 when there are no more: as they shrink, so does what was picked. */
export function pickBy(numbers: readonly number[]): Pick {
  const left = numbers.values();
  return (below) => (left.next().value ?? 0) % below;
}

export function one<Item>(items: readonly Item[], pick: Pick): Item | undefined {
  return items.length === 0 ? undefined : items[pick(items.length)];
}

/** Puts an item at any place. */
export function insert<Item>(items: Item[], item: Item, pick: Pick): void {
  items.splice(pick(items.length + 1), 0, item);
}
