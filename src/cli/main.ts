#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { ConfigError } from '../process/config-error.ts';
import { SignalError } from '../shared/signal-error.ts';
import { joinCommand } from './join-command.ts';
import { tokenCommand } from './token-command.ts';

const root = new URL(
  import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json',
  import.meta.url,
);
const { version } = JSON.parse(readFileSync(root, 'utf8')) as { readonly version: string };

const program = new Command('parley')
  .description('Parley from the terminal.')
  .version(version)
  .showHelpAfterError('Add --help to see what can be given.')
  .addCommand(tokenCommand(process.env))
  .addCommand(joinCommand(`parley-cli/${version}`, process.env));
for (const command of program.commands) command.copyInheritedSettings(program);

try {
  await program.parseAsync();
} catch (error) {
  const isExpected = error instanceof SignalError || error instanceof ConfigError;
  const text = isExpected
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
  process.stderr.write(`${styleText('red', 'parley:', { stream: process.stderr })} ${text}\n`);
  process.exitCode = 1;
}
