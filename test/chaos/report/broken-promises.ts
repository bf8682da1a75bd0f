import type { Figures, PastWindow } from './chaos-report.ts';

/** The figures that must be 0, each with what it counts. docs/chaos.md names the same. */
export const mustBeZero = {
  lost: 'messages neither delivered nor said to be gone',
  doubled: 'messages delivered twice',
  out_of_order: 'messages behind a later one of their pair',
  strange: 'messages that nobody sent so',
  contradicted: 'messages delivered although they were refused',
  refused: 'messages refused that should have been taken',
  unanswered: 'requests without an answer',
  started_anew: 'rooms that started anew within the window',
  ended: 'clients or servers that ended, or did not come back',
  spurious_left: 'peers seen leaving that did not leave',
  silent: 'clients that were not heard once nothing was broken any more',
  cut_off: 'connections that a node closed while it drained, before their clients had moved',
  unclean_exits: 'nodes that drained and did not end with 0',
  ghosts: 'members of a room that are nobody',
  absent: 'clients that are not counted in their room',
  wrong_views: 'clients whose room is not as it is',
  server_errors: 'errors in the log of the server',
} as const satisfies Partial<Record<keyof Figures, string>>;

export type Fault = keyof typeof mustBeZero;

export const faults = Object.keys(mustBeZero) as readonly Fault[];

/** What these figures break, a sentence each. */
export function brokenPromises(figures: Pick<Figures, Fault>): readonly string[] {
  return faults
    .filter((fault) => figures[fault] > 0)
    .map((fault) => `${fault}: ${figures[fault]} ${mustBeZero[fault]}`);
}

/** The share of resumes that must succeed, whatever the machine has to do. */
const resumesOkShare = 0.99;

/** Too many resumes that began anew, a sentence; those that had to do not count. */
export function brokenResumes(
  { resumes, resumes_ok }: Pick<Figures, 'resumes' | 'resumes_ok'>,
  rightlyAnew: number,
): readonly string[] {
  const within = resumes - rightlyAnew;
  return resumes_ok >= resumesOkShare * within ? [] : [`resumes_ok: ${resumes_ok} of ${within}`];
}

/** What went wrong with clients that were kept away past their window, a sentence each. */
export function brokenPastWindow({
  clients,
  left_once,
  told,
  right_snapshots,
}: PastWindow): readonly string[] {
  const of = `of the ${clients} that were kept away`;
  return [
    ...(left_once < clients
      ? [`left_once: ${left_once} ${of} were seen leaving once, after the window and in time`]
      : []),
    ...(told < clients ? [`told: ${told} ${of} were told that they did not recover`] : []),
    ...(right_snapshots < clients
      ? [`right_snapshots: ${right_snapshots} ${of} have the room as it is`]
      : []),
  ];
}
