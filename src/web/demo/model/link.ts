import type { Link } from './room-state.ts';

/** How a connection to a peer is, from its state (W3C WebRTC, RTCPeerConnectionState) and how it was before. Undefined: over. */
export function linkFrom(state: RTCPeerConnectionState, before: Link | undefined): Link | undefined {
  switch (state) {
    case 'connected':
      return 'connected';
    case 'disconnected':
      return 'interrupted';
    case 'failed':
      return 'failed';
    case 'closed':
      return undefined;
    default:
      // An ICE restart comes through `connecting` again: for the person it is the interruption going on.
      return before === undefined || before === 'connecting' ? 'connecting' : 'interrupted';
  }
}
