/**
 * The flags of the International Code of Signals, drawn on a square of 12 by 12: what ships said to each other before radio.
 * The names of people and rooms are shown in them.
 */

/** One shape of a flag, as an SVG path or circle. */
export interface FlagShape {
  readonly fill: FlagColor;
  readonly path?: string;
  readonly discRadius?: number;
}

export type FlagColor = 'white' | 'black' | 'red' | 'blue' | 'yellow';

const field = (fill: FlagColor): FlagShape => ({ fill, path: 'M0 0H12V12H0Z' });
const square = (fill: FlagColor, size: number): FlagShape => {
  const from = (12 - size) / 2;
  return { fill, path: `M${from} ${from}h${size}v${size}h${-size}Z` };
};
const disc = (fill: FlagColor, discRadius: number): FlagShape => ({ fill, discRadius });
const cross = (fill: FlagColor): FlagShape => ({
  fill,
  path: 'M4.75 0h2.5v4.75H12v2.5H7.25V12h-2.5V7.25H0v-2.5h4.75Z',
});
const saltire = (fill: FlagColor): FlagShape => ({
  fill,
  path: 'M0 0h1.8L6 4.2 10.2 0H12v1.8L7.8 6 12 10.2V12h-1.8L6 7.8 1.8 12H0v-1.8L4.2 6 0 1.8Z',
});
/** Stripes from the hoist (left) to the fly. */
const upright = (...fills: FlagColor[]): FlagShape[] =>
  fills.map((fill, i) => ({ fill, path: `M${(12 / fills.length) * i} 0H12V12H${(12 / fills.length) * i}Z` }));
/** Stripes from top to bottom. */
const level = (...fills: FlagColor[]): FlagShape[] =>
  fills.map((fill, i) => ({ fill, path: `M0 ${(12 / fills.length) * i}H12V12H0Z` }));
const quarters = (hoist: FlagColor, fly: FlagColor): FlagShape[] => [
  field(hoist),
  { fill: fly, path: 'M6 0h6v6H6ZM0 6h6v6H0Z' },
];
const chequers: FlagShape = {
  fill: 'white',
  path: [0, 1, 2, 3]
    .flatMap((row) => [0, 2].map((pair) => `M${(pair + ((row + 1) % 2)) * 3} ${row * 3}h3v3h-3Z`))
    .join(''),
};
const slantedStripes: FlagShape = {
  fill: 'red',
  path: 'M0 0h2.4L0 2.4ZM4.8 0h2.4L0 7.2V4.8ZM9.6 0H12L0 12V9.6ZM12 2.4v2.4L4.8 12H2.4ZM12 7.2v2.4L9.6 12H7.2Z',
};

export const flagDesigns: Readonly<Record<string, readonly FlagShape[]>> = {
  a: [
    { fill: 'white', path: 'M0 0H6V12H0Z' },
    { fill: 'blue', path: 'M6 0h6L9 6l3 6H6Z' },
  ],
  b: [{ fill: 'red', path: 'M0 0h12L9 6l3 6H0Z' }],
  c: level('blue', 'white', 'red', 'white', 'blue'),
  d: level('yellow', 'blue', 'blue', 'yellow'),
  e: level('blue', 'red'),
  f: [field('white'), { fill: 'red', path: 'M6 .8 11.2 6 6 11.2.8 6Z' }],
  g: upright('yellow', 'blue', 'yellow', 'blue', 'yellow', 'blue'),
  h: upright('white', 'red'),
  i: [field('yellow'), disc('black', 2.7)],
  j: level('blue', 'white', 'blue'),
  k: upright('yellow', 'blue'),
  l: quarters('yellow', 'black'),
  m: [field('blue'), saltire('white')],
  n: [field('blue'), chequers],
  o: [field('yellow'), { fill: 'red', path: 'M0 0h12v12Z' }],
  p: [field('blue'), square('white', 4.4)],
  q: [field('yellow')],
  r: [field('red'), cross('yellow')],
  s: [field('white'), square('blue', 4.8)],
  t: upright('red', 'white', 'blue'),
  u: quarters('red', 'white'),
  v: [field('white'), saltire('red')],
  w: [field('blue'), square('white', 8), square('red', 4)],
  x: [field('white'), cross('blue')],
  y: [field('yellow'), slantedStripes],
  z: [
    field('yellow'),
    { fill: 'black', path: 'M0 0 6 6 0 12Z' },
    { fill: 'blue', path: 'M12 0 6 6l6 6Z' },
    { fill: 'red', path: 'M0 12 6 6l6 6Z' },
  ],
  0: upright('yellow', 'red', 'yellow'),
  1: [field('white'), disc('red', 2.4)],
  2: [field('blue'), disc('white', 2.4)],
  3: upright('red', 'white', 'blue'),
  4: [field('red'), cross('white')],
  5: upright('yellow', 'blue'),
  6: level('black', 'white'),
  7: level('yellow', 'red'),
  8: [field('white'), cross('red')],
  9: [
    ...quarters('white', 'red'),
    { fill: 'black', path: 'M6 0h6v6H6Z' },
    { fill: 'yellow', path: 'M6 6h6v6H6Z' },
  ],
};

const swallowtail = 'M0 0H12L9 6 12 12H0Z';
const square12 = 'M0 0H12V12H0Z';
/** Digits fly as pennants, which narrow towards the fly. */
const pennant = 'M0 0 12 3V9L0 12Z';

/** The edge of a flag, by its key. */
export function flagOutline(key: string): string {
  if (key === 'a' || key === 'b') return swallowtail;
  return /\d/.test(key) ? pennant : square12;
}

/** The key of the flag that stands for a character: its base letter or digit. Undefined: the code has none. */
export function flagKey(character: string): string | undefined {
  const key = character.normalize('NFD').charAt(0).toLowerCase();
  return key in flagDesigns ? key : undefined;
}
