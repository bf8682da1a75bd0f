/** How the media connection to one person is. */
export type Link = 'connecting' | 'connected' | 'interrupted' | 'failed';

/** How the signaling connection to the server is. */
export type Signaling = 'connected' | 'reconnecting' | 'lost';

/** Someone in the room, oneself or another. */
export interface Person {
  readonly peerId: string;
  readonly name: string;
  readonly own: boolean;
  readonly micOn: boolean;
  readonly cameraOn: boolean;
  /** Undefined: nothing has come yet. */
  readonly stream: MediaStream | undefined;
  /** Undefined for oneself. */
  readonly link: Link | undefined;
}

export interface RoomState {
  readonly roomId: string;
  /** Oneself first, then the others in the order of their joins. */
  readonly people: readonly Person[];
  readonly signaling: Signaling;
}

export const linkWords: Readonly<Record<Link, string>> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  interrupted: 'Interrupted, trying again…',
  failed: 'No way through, trying again…',
};

export const signalingWords: Readonly<Record<Signaling, string>> = {
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
  lost: 'Disconnected',
};
