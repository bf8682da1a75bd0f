import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';

/** Longest wait for the development server's token, in milliseconds. */
const deadlineMs = 10_000;

/** Who the server made the token for. */
interface DevelopmentToken {
  readonly token: string;
  readonly userId: string;
}

/**
 * Tokens of the page's own development server for a new user of this name, and for the same user each time. Undefined: the server
 * gives none, one has to be pasted. Rejects, now or later, with a `SignalError` where the server refuses the name, and with an
 * `Error` when the server is not there or its answer makes no sense.
 */
export async function developmentTokens(
  pageUrl: string,
  name: string,
): Promise<(() => Promise<string>) | undefined> {
  // Asked at once, so that a server that gives no tokens is known before the connection is tried.
  const first = await request(pageUrl, { name });
  if (first === undefined) return undefined;
  let unused: string | undefined = first.token;
  return async () => {
    const token = unused ?? (await request(pageUrl, { name, userId: first.userId }))?.token;
    unused = undefined;
    if (token === undefined) throw new Error('the server gives no tokens any more');
    return token;
  };
}

async function request(
  pageUrl: string,
  who: { readonly name: string; readonly userId?: string },
): Promise<DevelopmentToken | undefined> {
  const response = await fetch(new URL('/api/dev/token', pageUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(who),
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw await refusalOf(response);
  const answer: unknown = await response.json();
  if (!isDevelopmentToken(answer)) throw new Error('the server answered without a token');
  return answer;
}

/** What the server says was wrong, where it does. */
async function refusalOf(response: Response): Promise<Error> {
  const { error } = (await response.json().catch(() => ({}))) as { readonly error?: { message?: unknown } };
  const message = error?.message;
  return response.status < 500 && typeof message === 'string'
    ? new SignalError(ErrorCode.INVALID_ARGUMENT, message)
    : new Error(`the server answered ${response.status}`);
}

function isDevelopmentToken(answer: unknown): answer is DevelopmentToken {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'token' in answer &&
    typeof answer.token === 'string' &&
    'userId' in answer &&
    typeof answer.userId === 'string'
  );
}
