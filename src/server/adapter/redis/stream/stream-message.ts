import type { StreamListener } from '../../../port/room-log.ts';
import { readEntry } from './stream-records.ts';

/** What a message on a stream's channel is made of: items, each a kind, a length in 32 bits and so many bytes. */
const kind = { entryToAll: 1, published: 2, entryDirected: 3, announcedElsewhere: 4 } as const;
const headBytes = 5;

export interface MessageListener extends Pick<StreamListener, 'onEntry' | 'onPublished'> {
  /** Something was committed and announced where nobody listens. */
  onAnnouncedElsewhere(): void;
}

/** The message that says so. */
export const announcedElsewhereMessage: Uint8Array = Buffer.from([kind.announcedElsewhere, 0, 0, 0, 0]);

/** The message of something that is only published: its key, with the length in 16 bits before it, and its body. */
export function publishedMessage(key: string, body: Uint8Array): Buffer {
  const name = Buffer.from(key);
  const message = Buffer.alloc(headBytes + 2);
  message.writeUInt8(kind.published, 0);
  message.writeUInt32BE(2 + name.length + body.length, 1);
  message.writeUInt16BE(name.length, headBytes);
  return Buffer.concat([message, name, body]);
}

/** Tells a listener at a node all that a message brings. */
export function readMessage(message: Buffer, node: string, listener: MessageListener): void {
  for (let at = 0; at < message.length; ) {
    const start = at + headBytes;
    const end = start + message.readUInt32BE(at + 1);
    if (message[at] === kind.entryDirected)
      listener.onEntry(readEntry(message, start + 4, end), message.readUInt32BE(start));
    else if (message[at] === kind.entryToAll) readEntryToAll(message, start, end, node, listener);
    else if (message[at] === kind.published) {
      const keyAt = start + 2;
      const bodyAt = keyAt + message.readUInt16BE(start);
      listener.onPublished(message.toString('utf8', keyAt, bodyAt), message.subarray(bodyAt, end));
    } else if (message[at] === kind.announcedElsewhere) listener.onAnnouncedElsewhere();
    at = end;
  }
}

/** Before the entry stands what was last directed to each node: a name, with its length in 16 bits before it, and an offset. */
function readEntryToAll(
  message: Buffer,
  start: number,
  end: number,
  node: string,
  listener: MessageListener,
): void {
  let at = start + 2;
  let directed = 0;
  for (let nodes = message.readUInt16BE(start); nodes > 0; nodes--) {
    const nameEnd = at + 2 + message.readUInt16BE(at);
    if (message.toString('latin1', at + 2, nameEnd) === node) directed = message.readUInt32BE(nameEnd);
    at = nameEnd + 4;
  }
  const entry = readEntry(message, at, end);
  listener.onEntry(entry, Math.max(entry.previousToAll, directed));
}
