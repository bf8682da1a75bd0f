import type { FastifyInstance } from 'fastify';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

/** Makes session tokens for people at a development server. */
export interface DevelopmentTokens {
  /** A token for a user of this display name. */
  issue(name: string): Promise<{ readonly token: string; readonly userId: string }>;
}

const bodySchema = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', maxLength: 64 } },
} as const;

/** `POST /api/dev/token` `{ name }`: a token for anyone who asks, so that the demo page works at once. */
export function addDevelopmentTokenRoute(app: FastifyInstance, tokens: DevelopmentTokens): void {
  app.post<{ Body: { readonly name: string } }>(
    '/api/dev/token',
    { schema: { body: bodySchema } },
    async (request, reply) => {
      const name = request.body.name.trim();
      if (name === '') throw new SignalError(ErrorCode.INVALID_ARGUMENT, 'name must not be empty');
      const { token, userId } = await tokens.issue(name);
      reply.header('cache-control', 'no-store');
      return { token, userId };
    },
  );
}
