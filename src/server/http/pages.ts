import { relative, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Where the build puts files whose names change with their content. */
const hashedFolder = `assets${sep}`;
const aYear = 'public, max-age=31536000, immutable';

/** Serves the built pages of a folder, an absolute path, at `/`. Where the folder does not exist there are none, until it does. */
export function addPages(app: FastifyInstance, folder: string): void {
  app.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    dotfiles: 'ignore',
    setHeaders(reply, path) {
      reply.header('cache-control', relative(folder, path).startsWith(hashedFolder) ? aYear : 'no-cache');
    },
  });
}
