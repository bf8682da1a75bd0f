import type { FastifyInstance } from 'fastify';

/** How each part of a node runs, by the part's name: `{ store: 'memory', directory: 'file', media: 'none' }`. */
export type PartModes = Readonly<Record<string, string>>;

export interface HealthRouteOptions {
  readonly version: string;
  readonly nodeId: string;
  readonly partModes: () => PartModes;
  /** Whether the node sends its clients elsewhere. */
  readonly isDraining: () => boolean;
}

/** `GET /health`: that the process answers, what it is, and how its parts run. For anyone. */
export function addHealthRoute(app: FastifyInstance, options: HealthRouteOptions): void {
  app.get('/health', (_request, reply) =>
    reply.header('cache-control', 'no-store').send({
      status: options.isDraining() ? 'draining' : 'ok',
      version: options.version,
      node: options.nodeId,
      parts: options.partModes(),
    }),
  );
}
