import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { DevelopmentTokens } from '../../../../../src/process/development-tokens.ts';
import { TokenIssuer } from '../../../../../src/process/token-issuer.ts';
import { ErrorCode } from '../../../../../src/shared/signal-error.ts';
import { developmentTokens } from '../../../../../src/web/demo/model/sign-in.ts';
import { listeningApi } from '../../../server/http/listening-api.ts';

const issuer = new TokenIssuer({ secret: 'a secret of the tests, long enough' });

test('S2: the page renews its token for the user that it is', async () => {
  const { url } = await listeningApi({ developmentTokens: new DevelopmentTokens(issuer) });
  const next = await developmentTokens(`${url}/?room=daily`, 'Ann');
  const users = [await next?.(), await next?.(), await next?.()].map((token) => decodeJwt(token ?? '').sub);
  expect(users[0]).toMatch(/^ann-/);
  expect(users).toEqual([users[0], users[0], users[0]]);
  const another = await developmentTokens(url, 'Ann');
  expect(decodeJwt((await another?.()) ?? '').sub).not.toBe(users[0]);
});

test('a server that gives no tokens is told apart from one that fails', async () => {
  const { url } = await listeningApi();
  expect(await developmentTokens(url, 'Ann')).toBeUndefined();
  const { url: failing } = await listeningApi({ developmentTokens: new DevelopmentTokens(issuer) });
  await expect(developmentTokens(failing, ' ')).rejects.toMatchObject({
    code: ErrorCode.INVALID_ARGUMENT,
    message: 'name must not be empty',
  });
});
