import { readFileSync } from 'node:fs';

/** What one clock tick of /proc is on Linux (USER_HZ), in microseconds. */
const tickUs = 10_000;

/** The CPU time that a process has used so far, all its threads, user and system, in microseconds. See proc(5). */
export function cpuTimeUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold blanks: what counts begins behind it, with field 3.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
  return (userTicks + systemTicks) * tickUs;
}
