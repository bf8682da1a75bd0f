import { Command } from 'ioredis';
import { bulk, byteLength, type PackedArguments, scriptCommandName } from './packed-arguments.ts';
import type { RedisArgument } from './redis.ts';

/** Gives room for so many bytes, which are written over at once. */
export type Allocate = (length: number) => Buffer;

/** A command as the library sends it. Its reply keeps its strings as bytes. */
export function redisCommand(name: string, args: readonly RedisArgument[]): Command {
  return new Command(name, args.map(plain), { replyEncoding: null });
}

/** A script's call: what it begins with, and its other arguments. Its bytes are put where `allocate` says. */
export function scriptCommand(
  call: PackedArguments,
  args: readonly RedisArgument[],
  allocate: Allocate,
): Command {
  return new ScriptCommand(commandBytes(call, args, allocate));
}

/**
 * A command whose bytes are made here. A script has so many arguments that the library, which looks at each of them several times,
 * would make more work of them than of all else. Commands that subscribe can't be sent like this: the library reads their channels.
 */
class ScriptCommand extends Command {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    super(scriptCommandName, [], { replyEncoding: null });
    this.#bytes = bytes;
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

const [cr, lf] = Buffer.from('\r\n') as unknown as readonly [number, number];

/** As RESP has it: an array of bulk strings. */
function commandBytes(first: PackedArguments, args: readonly RedisArgument[], allocate: Allocate): Buffer {
  const head = `*${first.count + args.length}\r\n`;
  const texts: string[] = [];
  const bodies: Uint8Array[] = [];
  let text = '';
  let bytesInAll = head.length + first.bytes.length;
  let isAscii = true;
  for (const arg of args) {
    if (typeof arg === 'object') {
      text += `$${arg.length}\r\n`;
      bytesInAll += text.length + arg.length + 2;
      texts.push(text);
      bodies.push(arg);
      text = '';
    } else {
      const value = typeof arg === 'string' ? arg : String(arg);
      const length = byteLength(value);
      if (length !== value.length) isAscii = false;
      // What it has of bytes beyond its characters.
      bytesInAll += length - value.length;
      text += bulk(value, length);
    }
  }
  bytesInAll += text.length;
  const bytes = allocate(bytesInAll);
  // What is written as Latin-1 is copied as it is.
  const encoding = isAscii ? 'latin1' : 'utf8';
  bytes.write(head, 0, 'latin1');
  bytes.set(first.bytes, head.length);
  let at = head.length + first.bytes.length;
  for (let index = 0; index < bodies.length; index++) {
    const body = bodies[index] as Uint8Array;
    at += bytes.write(texts[index] as string, at, encoding);
    bytes.set(body, at);
    at += body.length;
    bytes[at++] = cr;
    bytes[at++] = lf;
  }
  if (text !== '') bytes.write(text, at, encoding);
  return bytes;
}

/** As the library takes it: of bytes it knows only buffers. */
function plain(argument: RedisArgument): string | number | Buffer {
  if (typeof argument !== 'object' || Buffer.isBuffer(argument)) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}
