// A node whose state others could share, stopped as `npm start` stops one: started by the test of start.ts.
import { createRouterTransport } from '@connectrpc/connect';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/pino-log.ts';
import { stopOnSignal } from '../../src/process/stop.ts';
import { startNode } from '../../src/server/main.ts';
import { directoryRoutes } from '../../src/services/directory/directory-service.ts';
import { OpenPolicy } from '../../src/services/directory/open-policy.ts';

const secret = 'a secret of the tests, at least 32 bytes long';
const config = readConfig({ ...process.env, NODE_ENV: 'test', JWT_SECRET: secret });
const log = await createLog(config.log);
const node = await startNode({
  config,
  version: '0.0.0-test',
  log,
  tokenKeys: { kind: 'secret', secret },
  embeddedDirectory: createRouterTransport(directoryRoutes(new OpenPolicy({ production: false }))),
  pagesFolder: '/nonexistent',
  ports: (ports) => ({ ...ports, isShared: true }),
});
log.info('process.listening', { url: node.url });
stopOnSignal(
  [
    { name: 'drain', close: () => node.drain() },
    { name: 'node', close: () => node.close(config.stopTimeoutMs / 2) },
  ],
  { deadlineMs: node.drainTimeoutMs + config.stopTimeoutMs, log },
);
