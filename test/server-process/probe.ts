// Preloaded into a server: answers, by the channel to the process that started it, what no client can see of a process.
import { subscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { armedTimers } from './armed-timers.ts';
import type { Answers, ProbeQuestion } from './server-probe.ts';

const msPerNs = 1e-6;
/** What is garbage by its finalizers, and by weak references, goes in the round after them. */
const collections = 4;

/** As much of an emitter as is looked at. */
type Emitter = Pick<EventEmitter, 'eventNames' | 'listenerCount'>;

// V8 drops what a function was compiled to, with megabytes of source, when it was not called for a while: by the clock, so not at the same
// moment in two processes that are compared.
setFlagsFromString('--no-flush-bytecode');

const servers: Emitter[] = [];
subscribe('tracing:net.server.listen:asyncStart', (message) => {
  servers.push((message as { readonly server: Emitter }).server);
});

const loopDelay = monitorEventLoopDelay({ resolution: 5 });
loopDelay.enable();

const answers: { [Ask in keyof Answers]: (question: ProbeQuestion & { ask: Ask }) => Promise<Answers[Ask]> } =
  {
    async memory() {
      await collect();
      const { rss, heapUsed, external } = process.memoryUsage();
      return { rss, heapUsed, external };
    },
    usage() {
      globalThis.gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      return Promise.resolve({ rss, heapUsed, external });
    },
    timers: () => Promise.resolve({ armed: armedTimers() }),
    resources: () => Promise.resolve(countEach(process.getActiveResourcesInfo())),
    listeners: () =>
      Promise.resolve(
        Object.fromEntries([
          ...listenersOf('process', process),
          ...servers.flatMap((server, index) => listenersOf(`server ${index}`, server)),
        ]),
      ),
    async snapshot({ path }) {
      await collect();
      return { path: writeHeapSnapshot(path) };
    },
    loop() {
      const { max, mean } = loopDelay;
      const answer = {
        maxMs: max * msPerNs,
        p99Ms: loopDelay.percentile(99) * msPerNs,
        meanMs: Number.isNaN(mean) ? 0 : mean * msPerNs,
      };
      loopDelay.reset();
      return Promise.resolve(answer);
    },
  };

async function collect(): Promise<void> {
  for (let count = 0; count < collections; count++) {
    globalThis.gc?.();
    await nextTurn();
  }
}

function listenersOf(name: string, emitter: Emitter): [string, number][] {
  return emitter.eventNames().map((event) => [`${name} ${String(event)}`, emitter.listenerCount(event)]);
}

function countEach(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

async function answer(question: ProbeQuestion): Promise<void> {
  const found = answers[question.ask] as (question: ProbeQuestion) => Promise<object>;
  process.send?.(await found(question));
}

process.on('message', (question) => void answer(question as ProbeQuestion));
// Whoever started it is gone.
process.on('disconnect', () => process.exit(1));
// The channel keeps no process alive that would end without it.
process.channel?.unref();
