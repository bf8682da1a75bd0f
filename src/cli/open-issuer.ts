import { ConfigError } from '../process/config-error.ts';
import { developmentSecret } from '../process/development-secret.ts';
import { type Environment, readSettings } from '../process/settings.ts';
import { TokenIssuer } from '../process/token-issuer.ts';

const names = [
  ...(['NODE_ENV', 'DATA_DIR', 'JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'] as const),
  ...(['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_USER_ID_CLAIM'] as const),
] as const;

/**
 * Signs as a server with the same settings expects it: by the given secret, else JWT_SECRET, else the development secret.
 * Throws `ConfigError` where the settings say that such a server would not take it.
 */
export async function openIssuer(env: Environment, givenSecret: string | undefined): Promise<TokenIssuer> {
  const values = readSettings(env, names);
  const secret = givenSecret ?? values.JWT_SECRET;
  if (secret === undefined) {
    for (const name of ['JWT_PUBLIC_KEY', 'JWT_JWKS_URL'] as const) {
      if (values[name] !== undefined)
        throw notOurs(name, 'is set, so only the holder of the private key can sign tokens');
    }
    if (values.NODE_ENV === 'production')
      throw notOurs('JWT_SECRET', 'is not set, and production has no development secret');
  }
  return new TokenIssuer({
    secret: secret ?? (await developmentSecret(values.DATA_DIR)),
    issuer: values.JWT_ISSUER,
    audience: values.JWT_AUDIENCE,
    userIdClaim: values.JWT_USER_ID_CLAIM,
  });
}

function notOurs(name: string, wrong: string): ConfigError {
  return new ConfigError([
    { name, wrong, right: 'give --secret to `parley token`, --token to `parley join`' },
  ]);
}
