import { ConfigError, type ConfigProblem } from './config-error.ts';

/** What a server can't listen with, as a `ConfigError`; undefined where the failure is not the settings' doing. */
export function listenProblem(
  error: unknown,
  { port, host }: { readonly port: number; readonly host: string },
): ConfigError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const problem = problemOf(code, port, host);
  return problem && new ConfigError([problem], { cause: error });
}

function problemOf(code: unknown, port: number, host: string): ConfigProblem | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return { name: 'PORT', wrong: `port ${port} is in use`, right: 'set PORT to a free one' };
    case 'EACCES':
      return { name: 'PORT', wrong: `port ${port} may not be used`, right: 'set PORT to one above 1023' };
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        name: 'HOST',
        wrong: `${host} is no address of this machine`,
        right: 'set HOST to one, or to 0.0.0.0 for all',
      };
    default:
      return undefined;
  }
}
