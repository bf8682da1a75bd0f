import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { layOutTiles } from '../model/tile-layout.ts';

/** Pixels between tiles. */
const gap = 12;

interface TileGridProps {
  readonly count: number;
  readonly children: ComponentChildren;
}

/** Lays its tiles out so that they fill the place there is; they read their size from CSS variables. */
export function TileGrid({ count, children }: TileGridProps): JSX.Element {
  const stage = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (stage.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(stage.current);
    return () => observer.disconnect();
  }, []);
  const { columns, width, height } = layOutTiles(count, size, gap);
  return (
    <div class="stage" ref={stage}>
      <ul
        class="tiles"
        aria-label="Pictures"
        style={{
          '--gap': `${gap}px`,
          '--tile-width': `${width}px`,
          '--tile-height': `${height}px`,
          '--row-width': `${columns * width + (columns - 1) * gap}px`,
        }}
      >
        {children}
      </ul>
    </div>
  );
}
