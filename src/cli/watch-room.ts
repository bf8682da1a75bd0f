import { ParleyClient, type Room, type Token } from '../client/index.ts';
import { ErrorCode, SignalError } from '../shared/signal-error.ts';
import { assertReachable } from './assert-reachable.ts';
import { describePeer, peerName } from './describe-event.ts';
import { plainText } from './plain-text.ts';
import type { RoomOutput } from './room-output.ts';
import { within } from './within.ts';

export interface WatchOptions {
  readonly url: string;
  readonly token: Token;
  /** The token was signed here, and not given. */
  readonly isOwnToken: boolean;
  readonly clientName: string;
  readonly roomId: string;
  readonly output: RoomOutput;
  /** Aborts when it is time to leave. */
  readonly stop: AbortSignal;
}

const connectWithinMs = 15_000;
const closeWithinMs = 3_000;

/**
 * Joins a room and writes what happens there until `stop` aborts, then leaves it. Throws `SignalError` where the server
 * can't be reached, refuses the token or the room, or puts the client out.
 */
export async function watchRoom(options: WatchOptions): Promise<void> {
  const { url, token, clientName, output, stop } = options;
  const client = new ParleyClient({ url, token, client: clientName });
  const stopped = new Promise<void>((resolve) => {
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.race([stopped, joinAndFollow(client, options)]);
  } catch (error) {
    throw explained(error, options);
  } finally {
    // Signing out leaves the room at once.
    const late = () => new SignalError(ErrorCode.DEADLINE_EXCEEDED, 'the server does not answer the leave');
    await within(closeWithinMs, client.close(), late).catch(() => undefined);
  }
  output.status('left', `${options.roomId}  as asked`);
}

async function joinAndFollow(
  client: ParleyClient,
  { url, roomId, output, stop }: WatchOptions,
): Promise<void> {
  client.on('state', ({ state, reason = state === 'connecting' ? url : '' }) => {
    if (!stop.aborted) output.status(state, plainText(reason));
  });
  await assertReachable(url);
  const late = () =>
    new SignalError(ErrorCode.UNAVAILABLE, 'what answers there is no Parley server, or a busy one');
  await within(connectWithinMs, client.connect(), late);
  const room = await client.join(roomId);
  await follow(client, room, output, stop);
}

/** Writes what happens in the room until `stop` aborts. Rejects when the client is out of it, by whatever way. */
function follow(client: ParleyClient, room: Room, output: RoomOutput, stop: AbortSignal): Promise<never> {
  // Events name members by their ids only, also those that have left when it is written.
  const names = new Map<string, string>();
  const learnNames = () => {
    for (const peer of room.peers.values()) names.set(peer.peerId, peerName(peer));
  };
  const nameOf = (peerId: string) => names.get(peerId) ?? peerId.slice(0, 8);
  const showMembers = () => {
    learnNames();
    for (const peer of room.peers.values()) {
      output.status(peer.peerId === room.ownPeerId ? 'you' : 'there', describePeer(peer));
    }
  };

  output.status('room', `${room.id}  ${room.mode}  ${room.created ? 'made by this join' : 'joined'}`);
  showMembers();
  return new Promise((_resolve, reject) => {
    room.on('event', (event) => {
      learnNames();
      if (!stop.aborted) output.event(event, nameOf);
    });
    room.on('reset', () => {
      output.status('reset', 'events were missed, this is the room now:');
      showMembers();
    });
    room.on('left', ({ reason, error }) => {
      reject(
        error ?? new SignalError(ErrorCode.NOT_IN_ROOM, `out of the room: ${reason.replaceAll('_', ' ')}`),
      );
    });
    client.on('closed', ({ code, error }) => {
      reject(error ?? new SignalError(ErrorCode.UNAVAILABLE, `the connection was closed with code ${code}`));
    });
  });
}

/** What the error means at a terminal, and what to do. */
function explained(error: unknown, { isOwnToken, url, roomId }: WatchOptions): unknown {
  if (!(error instanceof SignalError)) return error;
  const refused = error.code === ErrorCode.TOKEN_INVALID;
  const advice =
    refused && isOwnToken ? '. The server has other keys than this folder: give a token by --token' : '';
  const reason = error.reason === '' ? '' : ` (${plainText(error.reason)})`;
  const message = `${plainText(error.message, 500)}${reason}${advice}`;
  return new SignalError(error.code, `${message} [${error.codeName}, ${roomId} at ${url}]`, { cause: error });
}
