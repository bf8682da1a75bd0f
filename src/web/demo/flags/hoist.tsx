import type { JSX } from 'preact';
import { Flag } from './flag.tsx';
import { flagKey } from './flag-designs.ts';

/** Longer names than this would not fit beside the field. */
const maxFlags = 14;

/** A text spelled out in signal flags. Decoration: hidden from screen readers. */
export function Hoist({ text }: { readonly text: string }): JSX.Element {
  const characters = Array.from(text.trim()).slice(0, maxFlags);
  return (
    <span class="hoist" aria-hidden="true">
      {characters.map((character, place) =>
        flagKey(character) === undefined ? (
          <span key={`${place} gap`} class="hoist-gap" />
        ) : (
          <Flag key={`${place} ${character}`} text={character} />
        ),
      )}
    </span>
  );
}
