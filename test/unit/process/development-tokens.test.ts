import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { DevelopmentTokens } from '../../../src/process/development-tokens.ts';
import { TokenIssuer } from '../../../src/process/token-issuer.ts';
import { ErrorCode } from '../../../src/shared/signal-error.ts';

const tokens = new DevelopmentTokens(new TokenIssuer({ secret: 'a secret of the tests, long enough' }));

test('two people of one name are two users, whose ids can be read', async () => {
  const [one, other] = [await tokens.issue('Zoë  Müller!'), await tokens.issue('Zoë  Müller!')];
  expect(one.userId).toMatch(/^zoe-mu-?ller-[0-9a-f]{8}$/);
  expect(other.userId).not.toBe(one.userId);
  expect(decodeJwt(one.token)).toMatchObject({ sub: one.userId, name: 'Zoë  Müller!' });
});

test('a name without a letter that an id may have is a guest', async () => {
  expect((await tokens.issue('名前')).userId).toMatch(/^guest-[0-9a-f]{8}$/);
});

test('S2: a user who is known gets another token of their own', async () => {
  const { userId } = await tokens.issue('Ann');
  const renewed = await tokens.issue('Ann', userId);
  expect(renewed.userId).toBe(userId);
  expect(decodeJwt(renewed.token)).toMatchObject({ sub: userId, name: 'Ann' });
});

test('a user id that is none is refused', async () => {
  await expect(tokens.issue('Ann', 'a b')).rejects.toMatchObject({ code: ErrorCode.INVALID_ARGUMENT });
});
