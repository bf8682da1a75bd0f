import { Command } from 'ioredis';
import type { RedisArgument } from './redis.ts';

/** A command as the library sends it. Its reply keeps its strings as bytes. */
export function redisCommand(name: string, args: readonly RedisArgument[]): Command {
  return name === 'EVALSHA'
    ? new PackedCommand(name, args)
    : new Command(name, args.map(plain), { replyEncoding: null });
}

/**
 * A command whose bytes are made here. A script has so many arguments that the library, which looks at each of them several times,
 * would make more work of them than of all else. Commands that subscribe can't be sent like this: the library reads their channels.
 */
class PackedCommand extends Command {
  readonly #bytes: Buffer;

  constructor(name: string, args: readonly RedisArgument[]) {
    super(name, [], { replyEncoding: null });
    this.#bytes = commandBytes(name, args);
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

/** As RESP has it: an array of bulk strings. */
function commandBytes(name: string, args: readonly RedisArgument[]): Buffer {
  const texts: string[] = [];
  const bodies: Uint8Array[] = [];
  let text = `*${args.length + 1}\r\n${bulk(name)}`;
  let bodyBytes = 0;
  for (const arg of args) {
    if (typeof arg !== 'object') {
      text += bulk(String(arg));
      continue;
    }
    texts.push(`${text}$${arg.length}\r\n`);
    bodies.push(arg);
    bodyBytes += arg.length;
    text = '\r\n';
  }
  texts.push(text);
  const textBytes = texts.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
  const bytes = Buffer.allocUnsafe(textBytes + bodyBytes);
  let at = 0;
  for (const [index, each] of texts.entries()) {
    at += bytes.write(each, at);
    const body = bodies[index];
    if (body === undefined) continue;
    bytes.set(body, at);
    at += body.length;
  }
  return bytes;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/** As the library takes it: of bytes it knows only buffers. */
function plain(argument: RedisArgument): string | number | Buffer {
  if (typeof argument !== 'object' || Buffer.isBuffer(argument)) return argument;
  return Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}
