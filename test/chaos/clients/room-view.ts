import { isDeepStrictEqual } from 'node:util';
import type { ProductionServer } from '../../server-process/production-server.ts';
import type { Crowd, Member } from './crowd.ts';

/** Whether a member has its room as it is: everyone who is there, nobody else, with what they say of themselves. */
export function hasRightView(member: Member, crowd: Crowd): boolean {
  const there = crowd.inRoom(member.roomId).map(({ client }) => [client.room.ownPeerId, client.attributes]);
  const seen = Array.from(member.client.room.peers, ([peerId, { attributes }]) => [peerId, attributes]);
  return isDeepStrictEqual(Object.fromEntries(seen), Object.fromEntries(there));
}

/** How many members the server counts in these rooms that are no client of the crowd. */
export async function countGhosts(
  server: ProductionServer,
  crowd: Crowd,
  rooms: readonly string[],
): Promise<number> {
  const headers = { authorization: `Bearer ${await server.token('operator', { scopes: ['list'] })}` };
  const known = new Set(crowd.members.map(({ client }) => client.room.ownPeerId));
  let ghosts = 0;
  for (const roomId of rooms) {
    const signal = AbortSignal.timeout(5_000);
    const response = await fetch(`${server.process.url}/api/rooms/${roomId}`, { headers, signal });
    if (!response.ok)
      throw new Error(`the room ${roomId} was asked for, and the answer is ${response.status}`);
    const { peers } = (await response.json()) as { readonly peers: readonly { readonly peerId: string }[] };
    ghosts += peers.filter(({ peerId }) => !known.has(peerId)).length;
  }
  return ghosts;
}
