import type { RedisReply } from './redis.ts';

/** The text of a reply that is one. */
export function textOf(reply: RedisReply | undefined): string {
  if (!Buffer.isBuffer(reply)) throw new TypeError('Redis answered something else than a text');
  return reply.toString();
}

/** The items of a reply that is a list. None: nil. */
function itemsOf(reply: RedisReply): readonly RedisReply[] {
  if (reply === null) return [];
  if (typeof reply === 'number' || Buffer.isBuffer(reply)) {
    throw new TypeError('Redis answered something else than a list');
  }
  return reply;
}

/** The items of a list of texts. */
export function textsOf(reply: RedisReply): string[] {
  return itemsOf(reply).map(textOf);
}
