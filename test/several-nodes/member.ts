import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { ParleyClient, type Room } from '../../src/client/index.ts';

/** So short that something is said while a client is away. */
const pauseMs = 5;

/** A client by the SDK, in a room. */
export interface Member {
  readonly room: Room;
  /** What was said to it. */
  readonly heard: readonly string[];
  /** What else it was told, and how its connection was. */
  readonly happened: readonly string[];
  /** Resolves when it is kept. */
  say(to: Member, text: string): Promise<void>;
}

/** Signs in, and goes into a room. Closed with the test. */
export async function enter(url: string, token: string): Promise<Member> {
  const client = new ParleyClient({ url, token, WebSocket });
  onTestFinished(() => client.close());
  await client.connect();
  const room = await client.join('daily');
  const [heard, happened]: [string[], string[]] = [[], []];
  room.on('signal', ({ data }) => heard.push(Buffer.from(data).toString()));
  room.on('peer_left', ({ peer }) => happened.push(`${peer.userId} left`));
  room.on('reset', () => happened.push('reset'));
  client.on('state', ({ state }) => happened.push(state));
  client.on('resumed', ({ recovered }) => happened.push(`resumed ${recovered ? 'without' : 'with'} a gap`));
  const say = async (to: Member, text: string) => {
    await room.sendSignal(to.room.ownPeerId, { type: 'text', data: Buffer.from(text) });
  };
  return { room, heard, happened, say };
}

/** Says one thing after the other until told to stop, and gives what that was: each of it is kept. */
export async function talk(from: Member, to: Member, stop: AbortSignal): Promise<readonly string[]> {
  const said: string[] = [];
  while (!stop.aborted) {
    const text = `${said.length}`;
    said.push(text);
    await from.say(to, text);
    await delay(pauseMs);
  }
  return said;
}
