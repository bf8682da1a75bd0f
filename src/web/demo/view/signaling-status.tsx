import type { JSX } from 'preact';
import { type Signaling, signalingWords } from '../model/room-state.ts';

/** Whether the server is there. */
export function SignalingStatus({ signaling }: { readonly signaling: Signaling }): JSX.Element {
  return (
    <p class="signaling" data-signaling={signaling} data-testid="signaling">
      <span class="dot" />
      <span class="unseen">Server: </span>
      {signalingWords[signaling]}
    </p>
  );
}
