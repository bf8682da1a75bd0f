/** How the tiles of a room stand: so many columns, each tile so big, in CSS pixels. */
export interface TileLayout {
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

/** Bounds of a tile's width over its height: narrower would cut faces off, wider would cut foreheads off. */
const narrowest = 0.8;
const widest = 16 / 9;

/** The layout in which `count` equal tiles cover most of the stage, all of them in view. */
export function layOutTiles(
  count: number,
  stage: { width: number; height: number },
  gap: number,
): TileLayout {
  let best: TileLayout = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const layout = tilesInColumns(columns, count, stage, gap);
    if (layout.width * layout.height > best.width * best.height) best = layout;
  }
  return best;
}

function tilesInColumns(
  columns: number,
  count: number,
  stage: { width: number; height: number },
  gap: number,
): TileLayout {
  const rows = Math.ceil(count / columns);
  const width = Math.max(0, (stage.width - gap * (columns - 1)) / columns);
  const height = Math.max(0, (stage.height - gap * (rows - 1)) / rows);
  return {
    columns,
    width: Math.floor(Math.min(width, height * widest)),
    height: Math.floor(Math.min(height, width / narrowest)),
  };
}
