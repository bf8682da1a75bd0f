import type { FastifyInstance } from 'fastify';

/**
 * Ends connections whose request has not come whole within a time from its headers on, in milliseconds. Node's own request
 * timeout no longer counts once the headers are there.
 */
export function endStalledBodies(app: FastifyInstance, timeoutMs: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    const timer = setTimeout(() => {
      if (!request.raw.complete) request.raw.destroy();
    }, timeoutMs);
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}
