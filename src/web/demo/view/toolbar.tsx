import type { JSX, RefObject } from 'preact';
import type { LocalMedia } from '../model/local-media.ts';
import { DeviceButtons } from './device-buttons.tsx';
import { ToolButton } from './tool-button.tsx';

interface ToolbarProps {
  readonly media: LocalMedia;
  readonly copied: boolean;
  readonly panelOpen: boolean;
  readonly panelButton: RefObject<HTMLButtonElement | null>;
  readonly onCopy: () => void;
  readonly onPanel: () => void;
  readonly onLeave: () => void;
}

export function Toolbar(props: ToolbarProps): JSX.Element {
  return (
    <div class="toolbar" role="group" aria-label="Call controls">
      <DeviceButtons media={props.media} />
      <ToolButton
        icon={props.copied ? 'check' : 'link'}
        caption={props.copied ? 'Copied' : 'Invite'}
        label={props.copied ? 'Copied the invite link' : 'Invite: copy the link'}
        onClick={props.onCopy}
      />
      <ToolButton
        icon="people"
        caption="People"
        label="People and events"
        expanded={props.panelOpen}
        button={props.panelButton}
        onClick={props.onPanel}
      />
      <ToolButton icon="leave" caption="Leave" label="Leave the room" danger onClick={props.onLeave} />
    </div>
  );
}
