import type { ChaosReport } from '../report/chaos-report.ts';
import { entriesMissing, type RoomTops, totalOf } from './room-tops.ts';

export type FailoverReport = ChaosReport & Readonly<Record<keyof typeof failoverFigures, number>>;

/** What servers had of the rooms when a primary was killed. */
export interface FailoverTops {
  /** The primary, a moment before. */
  readonly primary: RoomTops;
  /** The replica that was held back. */
  readonly held: RoomTops;
  /** The replica that took its place. */
  readonly successor: RoomTops;
}

/** What else a run of failovers counts. docs/chaos.md says what each is. */
export const failoverFigures = {
  failovers: 'primaries killed of which a replica took the place',
  entries_held_back: 'entries of killed primaries that the replica which was held back had not',
  entries_lost: 'entries of killed primaries that the replica in their place had not',
  acknowledged_alone: 'messages acknowledged while no replica could have them, where one had to',
  acknowledged_gone: 'messages that are gone though they were acknowledged, and their receivers were told so',
  told_gone: 'times that a client was told, and had its room anew',
} as const;

/** What the failovers of a run came to. */
export class FailoverCount {
  failovers = 0;
  /** How many of them lost entries. */
  lossy = 0;
  entriesHeldBack = 0;
  entriesLost = 0;
  acknowledgedAlone = 0;

  add({ primary, held, successor }: FailoverTops): void {
    const lost = totalOf(entriesMissing(primary, successor));
    this.failovers += 1;
    if (lost > 0) this.lossy += 1;
    this.entriesLost += lost;
    this.entriesHeldBack += totalOf(entriesMissing(primary, held));
  }
}
