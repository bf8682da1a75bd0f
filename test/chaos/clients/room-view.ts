import { isDeepStrictEqual } from 'node:util';
import type { Nodes } from '../nodes/nodes.ts';
import type { Crowd, Member } from './crowd.ts';

/** Whether a member has its room as it is: everyone who is there, nobody else, with what they say of themselves. */
export function hasRightView(member: Member, crowd: Crowd): boolean {
  const there = crowd.inRoom(member.roomId).map(({ client }) => [client.room.ownPeerId, client.attributes]);
  const seen = Array.from(member.client.room.peers, ([peerId, { attributes }]) => [peerId, attributes]);
  return isDeepStrictEqual(Object.fromEntries(seen), Object.fromEntries(there));
}

/** How the members that a node counts in rooms differ from the crowd. */
export interface Difference {
  /** Members that are nobody of the crowd. */
  readonly ghosts: number;
  /** Clients of the crowd that are not counted in their room. */
  readonly absent: number;
}

/** Asks each node for the rooms as they are; the sum of what all of them have wrong. */
export async function compareRooms(
  nodes: Nodes,
  crowd: Crowd,
  rooms: readonly string[],
): Promise<Difference> {
  const headers = { authorization: `Bearer ${await nodes.token('operator', { scopes: ['list'] })}` };
  let [ghosts, absent] = [0, 0];
  for (const { server } of nodes.running) {
    for (const roomId of rooms) {
      const signal = AbortSignal.timeout(5_000);
      const response = await fetch(`${server.process.url}/api/rooms/${roomId}`, { headers, signal });
      const counted = new Set((await peersOf(response, roomId)).map(({ peerId }) => peerId));
      const there = new Set(crowd.inRoom(roomId).map(({ client }) => client.room.ownPeerId));
      ghosts += [...counted].filter((peerId) => !there.has(peerId)).length;
      absent += [...there].filter((peerId) => !counted.has(peerId)).length;
    }
  }
  return { ghosts, absent };
}

/** A room that a node does not know has nobody in it. */
async function peersOf(response: Response, roomId: string): Promise<readonly { readonly peerId: string }[]> {
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`the room ${roomId} was asked for, and the answer is ${response.status}`);
  const { peers } = (await response.json()) as { readonly peers: readonly { readonly peerId: string }[] };
  return peers;
}
