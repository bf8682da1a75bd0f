// Logs at once as many lines as it is told to, says by its channel that it goes on, and exits when it is told to. Started by the test
// of log-output.ts.
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '../../../src/process/pino-log.ts';

const log = await createLog({ level: 'info', format: 'json' });
for (let line = 0; line < Number(process.argv[2]); line++) log.info('test.line', { line });
// By then all that can be written was.
await delay(50);
process.send?.('logged');
process.on('message', () => {
  log.info('test.last');
  process.exit(0);
});
