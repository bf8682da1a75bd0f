import type { StreamListener } from '../../../port/room-log.ts';
import { readEntry } from './stream-records.ts';

/** What a message on a stream's channel is made of: items, each a kind, a length in 32 bits and so many bytes. */
const kind = { entry: 1, published: 2 } as const;
const headBytes = 5;

/** The message of something that is only published: its key, with the length in 16 bits before it, and its body. */
export function publishedMessage(key: string, body: Uint8Array): Buffer {
  const name = Buffer.from(key);
  const message = Buffer.alloc(headBytes + 2);
  message.writeUInt8(kind.published, 0);
  message.writeUInt32BE(2 + name.length + body.length, 1);
  message.writeUInt16BE(name.length, headBytes);
  return Buffer.concat([message, name, body]);
}

/** Tells a listener all that a message brings. */
export function readMessage(message: Buffer, listener: Omit<StreamListener, 'onInterrupted'>): void {
  for (let at = 0; at < message.length; ) {
    const start = at + headBytes;
    const end = start + message.readUInt32BE(at + 1);
    if (message[at] === kind.entry) listener.onEntry(readEntry(message, start, end));
    else if (message[at] === kind.published) {
      const keyAt = start + 2;
      const bodyAt = keyAt + message.readUInt16BE(start);
      listener.onPublished(message.toString('utf8', keyAt, bodyAt), message.subarray(bodyAt, end));
    }
    at = end;
  }
}
