/** Starts one for each item, all at once, and gives them in the order of the items. Where one does not start, the others are stopped. */
export async function startAll<Item, Started extends { stop(): Promise<unknown> }>(
  items: Iterable<Item>,
  start: (item: Item) => Promise<Started>,
): Promise<readonly Started[]> {
  const results = await Promise.allSettled(Array.from(items, start));
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return started;
  await Promise.allSettled(started.map((one) => one.stop()));
  throw failed.reason;
}
