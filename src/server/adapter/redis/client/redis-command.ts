import { Command } from 'ioredis';
import { bulk, type PackedArguments } from './packed-arguments.ts';
import type { RedisArgument } from './redis.ts';

/** Gives room for so many bytes, which are written over at once. */
export type Allocate = (length: number) => Buffer;

/**
 * A command as the library sends it. Its reply keeps its strings as bytes. `first` come before the others, and only with a script, whose
 * bytes are put where `allocate` says.
 */
export function redisCommand(
  name: string,
  args: readonly RedisArgument[],
  first: PackedArguments = noArguments,
  allocate: Allocate = (length) => Buffer.allocUnsafe(length),
): Command {
  return name === 'EVALSHA'
    ? new PackedCommand(name, commandBytes(name, first, args, allocate))
    : new Command(name, args.map(plain), { replyEncoding: null });
}

const noArguments: PackedArguments = { count: 0, text: '' };

/**
 * A command whose bytes are made here. A script has so many arguments that the library, which looks at each of them several times,
 * would make more work of them than of all else. Commands that subscribe can't be sent like this: the library reads their channels.
 */
class PackedCommand extends Command {
  readonly #bytes: Buffer;

  constructor(name: string, bytes: Buffer) {
    super(name, [], { replyEncoding: null });
    this.#bytes = bytes;
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

/** As RESP has it: an array of bulk strings. */
function commandBytes(
  name: string,
  first: PackedArguments,
  args: readonly RedisArgument[],
  allocate: Allocate,
): Buffer {
  const texts: string[] = [];
  const bodies: Uint8Array[] = [];
  let text = `*${1 + first.count + args.length}\r\n${bulk(name)}${first.text}`;
  let bytesInAll = 0;
  for (const arg of args) {
    if (typeof arg === 'number') {
      const digits = String(arg);
      text += `$${digits.length}\r\n${digits}\r\n`;
    } else if (typeof arg === 'string') text += bulk(arg);
    else {
      text += `$${arg.length}\r\n`;
      texts.push(text);
      bodies.push(arg);
      bytesInAll += Buffer.byteLength(text) + arg.length;
      text = '\r\n';
    }
  }
  texts.push(text);
  bytesInAll += Buffer.byteLength(text);
  const bytes = allocate(bytesInAll);
  let at = 0;
  for (let index = 0; index < texts.length; index++) {
    at += bytes.write(texts[index] as string, at);
    const body = bodies[index];
    if (body === undefined) continue;
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

/** As the library takes it: of bytes it knows only buffers. */
function plain(argument: RedisArgument): string | number | Buffer {
  if (typeof argument !== 'object' || Buffer.isBuffer(argument)) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}
