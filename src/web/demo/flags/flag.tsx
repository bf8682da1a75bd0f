import type { JSX } from 'preact';
import { flagDesigns, flagKey, flagOutline } from './flag-designs.ts';

interface FlagProps {
  /** Its first character is shown. */
  readonly text: string;
  readonly class?: string;
}

/** The signal flag of a text's first character; for one outside the Code, the character itself. Decoration: hidden from screen readers. */
export function Flag(props: FlagProps): JSX.Element {
  const character = firstCharacter(props.text);
  const key = flagKey(character);
  return (
    <svg class={`flag ${props.class ?? ''}`} viewBox="0 0 12 12" aria-hidden="true" focusable="false">
      {key === undefined ? <LetterFlag character={character} /> : <CodeFlag code={key} />}
    </svg>
  );
}

function CodeFlag({ code }: { readonly code: string }): JSX.Element {
  const outline = flagOutline(code);
  return (
    <>
      <g style={{ clipPath: `path('${outline}')` }}>
        {flagDesigns[code]?.map((shape) =>
          shape.discRadius === undefined ? (
            <path class={`flag-${shape.fill}`} d={shape.path} />
          ) : (
            <circle class={`flag-${shape.fill}`} cx="6" cy="6" r={shape.discRadius} />
          ),
        )}
      </g>
      <path class="flag-edge" d={outline} />
    </>
  );
}

/** As a person counts characters: an accent belongs to its letter. */
function firstCharacter(text: string): string {
  const [first] = new Intl.Segmenter().segment(text.trim());
  return first?.segment ?? '';
}

function LetterFlag({ character }: { readonly character: string }): JSX.Element {
  return (
    <>
      <path class="flag-blue" d="M0 0H12V12H0Z" />
      <text class="flag-letter" x="6" y="8.4" text-anchor="middle">
        {character.toUpperCase()}
      </text>
    </>
  );
}
