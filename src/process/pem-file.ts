import { readFile } from 'node:fs/promises';
import { ConfigError } from './config-error.ts';
import type { SettingName } from './settings.ts';

/**
 * Reads a PEM file that a setting names, as text and as what `parse` makes of it. Throws `ConfigError` for a file that can't be
 * read or parsed. Nothing of its content is in the message.
 */
export async function readPemFile<Parsed>(
  name: SettingName,
  path: string,
  right: string,
  parse: (pem: string) => Parsed,
): Promise<readonly [string, Parsed]> {
  const refused = (wrong: string, cause: unknown) => new ConfigError([{ name, wrong, right }], { cause });
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw refused(`${path} can't be read: ${code}`, cause);
  });
  try {
    return [pem, parse(pem)];
  } catch (cause) {
    throw refused(`${path} holds something else`, cause);
  }
}
