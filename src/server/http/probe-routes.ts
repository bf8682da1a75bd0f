import type { FastifyInstance } from 'fastify';

/** Why a node can't serve clients for the moment. */
export type Unready = 'starting' | 'store' | 'draining';

export interface ProbeRoutesOptions {
  /** Empty: it can. */
  readonly unready: () => readonly Unready[];
}

/**
 * `GET /livez`: the process answers, whatever it depends on; where it does not, restart it. `GET /readyz`: it can serve clients, else 503
 * with why not, and a load balancer sends new ones elsewhere. For anyone.
 */
export function addProbeRoutes(app: FastifyInstance, { unready }: ProbeRoutesOptions): void {
  app.get('/livez', (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  app.get('/readyz', (_request, reply) => {
    const reasons = unready();
    const isReady = reasons.length === 0;
    return reply
      .header('cache-control', 'no-store')
      .status(isReady ? 200 : 503)
      .send(isReady ? { status: 'ok' } : { status: 'unready', reasons });
  });
}
