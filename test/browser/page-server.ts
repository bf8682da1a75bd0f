import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

/** Serves the test pages under `test/browser/pages` with the SDK compiled from its source. */
export async function startPageServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1', hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (address === null || typeof address !== 'object') throw new Error('the page server has no port');
  return { url: `http://127.0.0.1:${address.port}/test/browser/pages`, close: () => server.close() };
}
