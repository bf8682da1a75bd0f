/** Longest wait for the development server's token. */
const deadlineMs = 10_000;

/** Who the server made the token for. */
export interface DevelopmentToken {
  readonly token: string;
  readonly userId: string;
}

/**
 * Asks a development server for a token with this name. Undefined: the server gives none, one has to be pasted.
 * Rejects with an `Error` when the server is not there or its answer makes no sense.
 */
export async function requestDevelopmentToken(name: string): Promise<DevelopmentToken | undefined> {
  const response = await fetch('/api/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
    signal: AbortSignal.timeout(deadlineMs),
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  const answer: unknown = await response.json();
  if (!isDevelopmentToken(answer)) throw new Error('the server answered without a token');
  return answer;
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
