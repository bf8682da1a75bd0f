import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TokenVerifier } from '../port/token-verifier.ts';
import { bearerToken, requireScope } from './require-scope.ts';

export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface MetricsRouteOptions {
  readonly metrics: MetricsText;
  readonly verifier: TokenVerifier;
  /** Who may look: anyone, or whoever brings this Bearer token or a session token with the scope `operate`. */
  readonly metricsAccess: 'anyone' | { readonly token: string | undefined };
}

/** `GET /metrics`: what the node counts, for Prometheus. */
export function addMetricsRoute(app: FastifyInstance, options: MetricsRouteOptions): void {
  const { metrics, verifier, metricsAccess } = options;
  const operate = requireScope(verifier, 'operate');
  const mayLook = async (request: FastifyRequest) => {
    if (metricsAccess === 'anyone') return;
    const given = bearerToken(request.headers.authorization);
    if (given !== undefined && metricsAccess.token !== undefined && isSame(given, metricsAccess.token))
      return;
    await operate(request);
  };
  app.get('/metrics', { onRequest: mayLook }, async (_request, reply) =>
    reply
      .header('cache-control', 'no-store')
      .type(metrics.contentType)
      .send(await metrics.text()),
  );
}

/** Compares in a time that tells nothing of the secret. */
function isSame(given: string, secret: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(secret));
}
