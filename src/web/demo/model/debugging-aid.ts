import type { Call, ParleyClient, Room } from '../../../client/index.ts';

/** What the page is made of, for whoever opens the browser's console: `parleyDemo.call.peers`, `parleyDemo.room.peers`. */
export interface DebuggingAid {
  readonly client: ParleyClient;
  readonly room: Room;
  readonly call: Call;
}

declare global {
  interface Window {
    /** A debugging aid. Undefined outside a room. Nothing in the page reads it. */
    parleyDemo?: DebuggingAid | undefined;
  }
}

export function exposeForDebugging(aid: DebuggingAid | undefined): void {
  window.parleyDemo = aid;
}
