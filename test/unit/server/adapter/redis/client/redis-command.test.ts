import { array, assert, integer, oneof, property, string, uint8Array } from 'fast-check';
import { Command } from 'ioredis';
import { expect, test } from 'vitest';
import { packedArguments } from '../../../../../../src/server/adapter/redis/client/packed-arguments.ts';
import { scriptCommand } from '../../../../../../src/server/adapter/redis/client/redis-command.ts';

const allocate = (length: number) => Buffer.alloc(length);

const argument = oneof(
  string({ unit: 'grapheme' }),
  integer(),
  uint8Array().map((bytes) => Buffer.from(bytes)),
);

test('a script has the bytes that the library would give it', () => {
  const texts = array(string({ unit: 'grapheme' }), { maxLength: 8 });
  assert(
    property(texts, array(argument, { maxLength: 24 }), (first, args) => {
      const ours = scriptCommand(packedArguments(['evalsha', ...first]), args, allocate).toWritable({});
      const theirs = new Command('evalsha', [...first, ...args]).toWritable({});
      expect(Buffer.from(ours)).toEqual(Buffer.from(theirs));
    }),
  );
});

test('bytes that are part of a larger array are sent without the rest of it', () => {
  const body = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const expected = Buffer.from('*2\r\n$7\r\nevalsha\r\n$2\r\n\x02\x03\r\n', 'latin1');
  const sent = scriptCommand(packedArguments(['evalsha']), [body], allocate).toWritable({});
  expect(sent).toEqual(expected);
});
