import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/clock.ts';

/**
 * Ends connections whose request has not come whole within a time from its headers on, in milliseconds. Node's own request
 * timeout no longer counts once the headers are there.
 */
export function endStalledBodies(app: FastifyInstance, clock: Clock, timeoutMs: number): void {
  app.addHook('onRequest', (request, reply, done) => {
    const cancel = clock.after(timeoutMs, () => {
      if (!request.raw.complete) request.raw.destroy();
    });
    reply.raw.once('close', cancel);
    done();
  });
}
