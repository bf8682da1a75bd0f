// A program that stops as its arguments say: started by the test of stop.ts.
import { stopOnSignal } from '../../../src/process/stop.ts';

const [, , behaviour, deadlineMs] = process.argv;
const say = (line: string) => process.stdout.write(`${line}\n`);
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

stopOnSignal(
  [
    {
      name: 'first',
      close: async (signal) => {
        say('closing first');
        if (behaviour === 'stalls') await new Promise(() => undefined);
        if (behaviour === 'waits') await untilAborted(signal);
        if (behaviour === 'fails') throw new Error('broken');
        say('closed first');
      },
    },
    { name: 'second', close: () => void say('closed second') },
  ],
  {
    deadlineMs: Number(deadlineMs),
    log: {
      info: (event) => void say(event),
      error: (event, error, fields) => void say(`${event} ${String(fields?.['part'])} ${String(error)}`),
    },
  },
);
setInterval(() => undefined, 1_000);
say('ready');
