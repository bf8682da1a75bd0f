import type { FastifyInstance } from 'fastify';
import { isId } from '../../shared/ids.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { visibleName } from '../../shared/visible-name.ts';

/** Makes session tokens for people at a development server. */
export interface DevelopmentTokens {
  /** A token for a user of this display name: this one, or a new one. */
  issue(name: string, userId?: string): Promise<{ readonly token: string; readonly userId: string }>;
}

interface Body {
  readonly name: string;
  readonly userId?: string;
}

const bodySchema = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', maxLength: 64 }, userId: { type: 'string' } },
} as const;

/**
 * `POST /api/dev/token` `{ name, userId? }`: a token for anyone who asks, so that the demo page works at once. With `userId` for the
 * user of an earlier token, as when that one expires.
 */
export function addDevelopmentTokenRoute(app: FastifyInstance, tokens: DevelopmentTokens): void {
  app.post<{ Body: Body }>('/api/dev/token', { schema: { body: bodySchema } }, async (request, reply) => {
    const name = visibleName(request.body.name);
    if (name === '') throw new SignalError(ErrorCode.INVALID_ARGUMENT, 'name must not be empty');
    const { userId } = request.body;
    if (userId !== undefined && !isId(userId)) {
      throw new SignalError(
        ErrorCode.INVALID_ARGUMENT,
        'userId must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ -',
      );
    }
    const issued = await tokens.issue(name, userId);
    reply.header('cache-control', 'no-store');
    return { token: issued.token, userId: issued.userId };
  });
}
