import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';

const minSecretBytes = 32;

/**
 * The secret that development tokens are signed with: that of the file `development-secret` in the data folder, which is
 * made on first use and can be read by its owner only. Throws `ConfigError` where the folder can't be used.
 */
export async function developmentSecret(dataDir: string): Promise<string> {
  const path = join(dataDir, 'development-secret');
  try {
    const secret = (await readIfThere(path)) ?? (await make(dataDir, path));
    if (Buffer.byteLength(secret) < minSecretBytes) throw new Error(`${path} is damaged: delete it`);
    return secret;
  } catch (cause) {
    const wrong = cause instanceof Error ? cause.message : String(cause);
    const problem = {
      name: 'DATA_DIR',
      wrong,
      right: 'should be a folder that can be written, or set JWT_SECRET',
    };
    throw new ConfigError([problem], { cause });
  }
}

async function make(dataDir: string, path: string): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  await mkdir(dataDir, { recursive: true });
  try {
    await writeFile(draft, secret, { mode: 0o600, flag: 'wx' });
    // Of several processes that start at once one wins, and nobody ever reads half a file.
    await link(draft, path);
    return secret;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    return await readFile(path, 'utf8');
  } finally {
    await rm(draft, { force: true });
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
