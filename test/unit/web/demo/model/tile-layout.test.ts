import { expect, test } from 'vitest';
import { layOutTiles } from '../../../../../src/web/demo/model/tile-layout.ts';

const desktop = { width: 920, height: 600 };
const phone = { width: 366, height: 640 };
const gap = 12;

test('two tiles stand beside each other on a desktop and above each other on a phone', () => {
  expect(layOutTiles(2, desktop, gap).columns).toBe(2);
  expect(layOutTiles(2, phone, gap).columns).toBe(1);
});

test('four tiles make two rows, nine make three', () => {
  expect(layOutTiles(4, desktop, gap).columns).toBe(2);
  expect(layOutTiles(9, desktop, gap).columns).toBe(3);
});

test('tiles stay within the stage, and no picture is cut narrower than 4:5 or wider than 16:9', () => {
  for (const stage of [desktop, phone, { width: 296, height: 120 }, { width: 2400, height: 500 }]) {
    for (let count = 1; count <= 16; count += 1) {
      const { columns, width, height } = layOutTiles(count, stage, gap);
      const rows = Math.ceil(count / columns);
      expect(columns * width + (columns - 1) * gap).toBeLessThanOrEqual(stage.width);
      expect(rows * height + (rows - 1) * gap).toBeLessThanOrEqual(stage.height);
      // Sizes are whole pixels, so that the bounds hold up to one of them.
      expect((width + 1) / height).toBeGreaterThanOrEqual(0.8);
      expect(width / (height + 1)).toBeLessThanOrEqual(16 / 9);
    }
  }
});

test('tiles cover most of the stage for the usual numbers of people', () => {
  for (const stage of [desktop, phone]) {
    for (const count of [1, 2, 3, 4, 6, 9]) {
      const { width, height } = layOutTiles(count, stage, gap);
      expect((width * height * count) / (stage.width * stage.height)).toBeGreaterThan(0.55);
    }
  }
});

test('a stage without a size yet has tiles without a size', () => {
  expect(layOutTiles(3, { width: 0, height: 0 }, gap)).toMatchObject({ width: 0, height: 0 });
});
