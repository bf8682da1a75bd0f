import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync(new URL('../../../../src/web/style/tokens.css', import.meta.url), 'utf8');

/** Text on its ground, by the names of their tokens. */
const texts = [
  ['ink', 'ground'],
  ['ink', 'surface'],
  ['ink-soft', 'ground'],
  ['ink-soft', 'surface'],
  ['ink-soft', 'sunken'],
  ['on-blue', 'blue'],
  ['on-blue', 'blue-strong'],
  ['blue-text', 'ground'],
  ['blue-text', 'blue-wash'],
  ['ink', 'blue-wash'],
  ['ink', 'red-wash'],
  ['ink', 'amber-wash'],
  ['red-text', 'red-wash'],
  ['red-text', 'surface'],
  ['red-text', 'ground'],
  ['green', 'surface'],
  ['amber', 'surface'],
  ['tile-ink', 'tile'],
  ['on-plate', 'leave'],
] as const;

/** Borders and drawings on their ground. */
const drawings = [
  ['line-control', 'ground'],
  ['line-control', 'surface'],
  ['blue', 'ground'],
  ['green', 'ground'],
  ['amber', 'ground'],
  ['red', 'ground'],
  ['red-text', 'surface'],
] as const;

test.each(['light', 'dark'] as const)(
  'in the %s theme, text keeps a contrast of 4.5 and drawings of 3 (WCAG AA)',
  (theme) => {
    const tooLow = [
      ...texts.map((pair) => ({ pair, least: 4.5 })),
      ...drawings.map((pair) => ({ pair, least: 3 })),
    ].filter(({ pair: [front, back], least }) => contrast(color(front, theme), color(back, theme)) < least);
    expect(tooLow).toEqual([]);
  },
);

function color(token: string, theme: 'light' | 'dark'): number[] {
  const value = new RegExp(`--${token}: (?:light-dark\\((#\\w{6}), (#\\w{6})\\)|(#\\w{6}));`).exec(css);
  const hex = value?.[3] ?? value?.[theme === 'light' ? 1 : 2];
  if (hex === undefined) throw new Error(`tokens.css has no colour ${token}`);
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
}

/** WCAG 2.2, contrast ratio. */
function contrast(one: number[], other: number[]): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(channels: number[]): number {
  const [red = 0, green = 0, blue = 0] = channels.map((c) =>
    c <= 0.040_45 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
