import type { JSX, RefObject } from 'preact';
import { Icon, type IconName } from './icon.tsx';

interface ToolButtonProps {
  readonly icon: IconName;
  /** One or two words under the drawing, where there is room. */
  readonly caption: string;
  /** The whole name. It holds the caption, for those who steer by voice. */
  readonly label: string;
  /** Something is off: drawn in red. */
  readonly struck?: boolean;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** For a button that opens something. */
  readonly expanded?: boolean;
  readonly button?: RefObject<HTMLButtonElement | null>;
  readonly onClick: () => void;
}

export function ToolButton(props: ToolButtonProps): JSX.Element {
  const looks = `${props.struck === true ? ' struck' : ''}${props.danger === true ? ' danger' : ''}`;
  return (
    <button
      ref={props.button ?? null}
      type="button"
      class={`tool${looks}`}
      aria-label={props.label}
      aria-expanded={props.expanded}
      title={props.label}
      // Not `disabled`: that would take the focus away from who pressed it.
      aria-disabled={props.disabled === true}
      onClick={() => {
        if (props.disabled !== true) props.onClick();
      }}
    >
      <span class="tool-disc">
        <Icon name={props.icon} />
      </span>
      <span class="tool-caption" aria-hidden="true">
        {props.caption}
      </span>
    </button>
  );
}
