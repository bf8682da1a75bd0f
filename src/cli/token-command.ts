import { Command, InvalidArgumentError, Option } from 'commander';
import type { Environment } from '../process/settings.ts';
import type { SessionTokenRequest } from '../process/token-issuer.ts';
import { openIssuer } from './open-issuer.ts';
import { parseDuration } from './parse-duration.ts';

type Scope = NonNullable<SessionTokenRequest['scopes']>[number];

interface TokenFlags {
  readonly user: string;
  readonly room?: string;
  readonly name?: string;
  readonly host?: true;
  readonly scope?: readonly Scope[];
  readonly expires: number;
  readonly secret?: string;
}

const scopes: readonly Scope[] = ['join', 'list', 'operate', 'service'];
/** A host may do everything: a grant that names one right refuses those that it does not name. */
const hostGrant = { publish: true, subscribe: true, chat: true, relay: true, host: true };

/** `parley token`: signs a session token by the settings of `env` and prints it, and nothing else, on standard output. */
export function tokenCommand(env: Environment): Command {
  return new Command('token')
    .description('Sign a token that a client signs in with, and print it.')
    .requiredOption('--user <id>', 'who the token names')
    .option('--name <text>', 'the name that others see')
    .option('--room <id>', 'grant this room')
    .option('--host', 'with host rights, in the room or, without --room, in every room')
    .addOption(
      new Option('--scope <list>', `what it is for, of ${scopes.join(', ')} (default: join)`).argParser(
        readScopes,
      ),
    )
    .addOption(
      new Option('--expires <time>', 'how long it holds: 90s, 30m, 1h, 7d')
        .default(3_600, '1h')
        .argParser(readExpiry),
    )
    .option(
      '--secret <text>',
      'what to sign with (default: JWT_SECRET, else the development secret in DATA_DIR)',
    )
    .action(async (flags: TokenFlags) => {
      const issuer = await openIssuer(env, flags.secret);
      process.stdout.write(`${await issuer.sessionToken(requestOf(flags))}\n`);
    });
}

function requestOf(flags: TokenFlags): SessionTokenRequest {
  const room = flags.room ?? (flags.host ? '*' : undefined);
  return {
    userId: flags.user,
    displayName: flags.name,
    scopes: flags.scope,
    rooms: room === undefined ? undefined : { [room]: flags.host ? hostGrant : {} },
    expiresInS: flags.expires,
  };
}

function readScopes(text: string): readonly Scope[] {
  return text.split(',').map((part) => {
    const scope = scopes.find((name) => name === part.trim());
    if (scope === undefined)
      throw new InvalidArgumentError(`It should be of ${scopes.join(', ')}, with commas between.`);
    return scope;
  });
}

function readExpiry(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined)
    throw new InvalidArgumentError('It should be a time such as 90s, 30m, 1h or 7d.');
  return seconds;
}
