import type { JSX } from 'preact';
import { Icon } from './icon.tsx';
import type { Copying } from './use-copy.ts';

interface InviteTileProps {
  readonly link: string;
  readonly copying: Copying;
}

/** In the place of the others, while nobody else is there. */
export function InviteTile({ link, copying }: InviteTileProps): JSX.Element {
  const copied = copying.outcome === 'copied';
  return (
    <li class="tile invite" data-testid="invite">
      <div class="invite-words">
        <h2>Nobody else is here yet</h2>
        <p>Send this link to whom you want to meet.</p>
        <input
          class="input"
          readOnly
          value={link}
          aria-label="Invite link"
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" class="button primary" onClick={copying.copy}>
          <Icon name={copied ? 'check' : 'link'} />
          {copied ? 'Copied' : 'Copy the link'}
        </button>
      </div>
    </li>
  );
}
