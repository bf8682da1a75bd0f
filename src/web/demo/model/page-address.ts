/** What the page's address says: `/?room=daily&name=Ada&token=…`. */
export interface PageAddress {
  readonly room: string;
  readonly name: string;
  readonly token: string;
}

/** Longest name, in UTF-16 code units, as the development server takes it. */
export const maxNameLength = 64;

export function readPageAddress(search: string): PageAddress {
  const query = new URLSearchParams(search);
  const name = (query.get('name') ?? '').slice(0, maxNameLength);
  return { room: query.get('room') ?? '', name, token: query.get('token') ?? '' };
}

/** The query for a room that one is in, so that a reload comes back to its door. */
export function addressOf(search: string, entered: { room: string; name: string }): string {
  const query = new URLSearchParams(search);
  query.set('room', entered.room);
  query.set('name', entered.name);
  return `?${query.toString()}`;
}

/** What one gives to others: the room, and neither one's name nor one's token. */
export function inviteLink(pageUrl: string, room: string): string {
  const url = new URL(pageUrl);
  url.search = `?${new URLSearchParams({ room }).toString()}`;
  url.hash = '';
  return url.href;
}

/** The signaling server of the page's own origin. */
export function signalingUrl(pageUrl: string): string {
  const url = new URL('/ws', pageUrl);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
