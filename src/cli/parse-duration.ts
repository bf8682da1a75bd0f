const secondsByUnit: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);

/** Seconds of a text such as `90s`, `30m`, `1h` or `7d`. Undefined: it is none. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitSeconds = secondsByUnit.get(unit ?? '');
  return unitSeconds === undefined ? undefined : Number(count) * unitSeconds;
}
