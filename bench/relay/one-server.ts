import type { ServerProcess } from '../../test/server-process/server-process.ts';
import { cpuTimeUs } from '../cpu-time.ts';
import type { RunningSubject } from '../subject.ts';

/** The one part of a subject that is a single process. */
export type ServerAlone = 'server';

/** What a subject that is a single process has in common with others. */
export function oneServer({
  pid,
  stop,
}: Pick<ServerProcess, 'pid' | 'stop'>): Pick<RunningSubject<ServerAlone>, 'cpuTimeUs' | 'stop'> {
  return { cpuTimeUs: () => Promise.resolve({ server: cpuTimeUs(pid) }), stop };
}
