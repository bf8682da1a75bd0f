import type { ChaosReport } from '../report/chaos-report.ts';

/** What else a run on a cluster counts. docs/chaos.md says what each is. */
export const clusterFigures = {
  moves: 'slots moved from master to master',
  commits_during_move: 'entries of rooms whose slot was on its way',
  moves_served: 'moves with such entries before the first key went and after the last',
  tryagain_seen: 'commands that met a slot half here and half there',
  resumes_by_moves: 'times that a client had to come back while a slot moved',
  refused_by_moves: 'messages refused while a slot moved',
  entries_lost: 'entries of killed masters that their replicas had not',
  acknowledged_gone: 'messages that are gone though they were acknowledged, and their receivers were told so',
  told_gone: 'times that a client was told, and had its room anew',
} as const;

export type ClusterReport = ChaosReport & Readonly<Record<keyof typeof clusterFigures, number>>;

/** What was done to a cluster, and what came of it. */
export class ClusterCount {
  moves = 0;
  commitsDuringMove = 0;
  movesServed = 0;
  tryAgainSeen = 0;
  resumesByMoves = 0;
  refusedByMoves = 0;
  entriesLost = 0;
}
