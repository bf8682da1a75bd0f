import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Environment } from '../process/settings.ts';
import { isId } from '../shared/ids.ts';
import { openIssuer } from './open-issuer.ts';
import { JsonOutput, LineOutput } from './room-output.ts';

interface JoinFlags {
  readonly url: string;
  readonly token?: string;
  readonly name?: string;
  readonly json?: true;
}

/** How long a token holds that the command signs for itself, in seconds. It signs another one when the server asks. */
const ownTokenS = 3_600;

/** `parley join`: enters a room and prints its events until Ctrl-C, which leaves it. Without a token it signs one by the settings of `env`. */
export function joinCommand(clientName: string, env: Environment): Command {
  return new Command('join')
    .description('Join a room and print its events as they come. Ctrl-C leaves.')
    .argument('<room>', 'the room', readRoomId)
    .addOption(
      new Option('--url <url>', "the server's WebSocket address")
        .default('ws://localhost:4000/ws')
        .argParser(readUrl),
    )
    .option('--token <jwt>', 'who signs in (default: one signed as `parley token` does)')
    .option('--name <text>', 'the name that others see, without --token')
    .option('--json', 'print each event as one JSON object a line')
    .action(async (roomId: string, flags: JoinFlags) => {
      // The SDK is loaded only where it is needed: scripts that call `parley token` wait half as long.
      const { watchRoom } = await import('./watch-room.ts');
      await watchRoom({
        url: flags.url,
        token: flags.token ?? (await ownToken(env, roomId, flags.name)),
        isOwnToken: flags.token === undefined,
        clientName,
        roomId,
        output: flags.json ? new JsonOutput() : new LineOutput(),
        stop: stopSignal(),
      });
    });
}

/** Gives fresh tokens for one made-up user, with a grant for the room. */
async function ownToken(
  env: Environment,
  roomId: string,
  name: string | undefined,
): Promise<() => Promise<string>> {
  const issuer = await openIssuer(env, undefined);
  const userId = `cli-${randomBytes(4).toString('hex')}`;
  return () =>
    issuer.sessionToken({
      userId,
      displayName: name ?? userId,
      rooms: { [roomId]: {} },
      expiresInS: ownTokenS,
    });
}

/** Aborts at Ctrl-C. A second one ends the process at once, as without us. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

function readRoomId(text: string): string {
  if (!isId(text)) throw new InvalidArgumentError('It should be 1 to 128 characters of A-Z a-z 0-9 . _ ~ -');
  return text;
}

function readUrl(text: string): string {
  if (!/^wss?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw new InvalidArgumentError('It should be a WebSocket address: ws://localhost:4000/ws');
  }
  return text;
}
