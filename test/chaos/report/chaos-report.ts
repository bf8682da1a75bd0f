import type { Held, Steadiness } from '../soak/samples.ts';
import type { PromisedLine } from './promised.ts';
import type { RunReport } from './run-report.ts';

/** What was counted in a run. docs/chaos.md says what each is. */
export interface Figures {
  readonly sent: number;
  readonly delivered: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly said_gone: number;
  readonly cuts: number;
  readonly cuts_in_flight: number;
  readonly cuts_in_handshake: number;
  readonly cuts_by_kind: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly kills_in_flight: number;
  readonly freezes: number;
  readonly tokens: number;
  readonly drains: number;
  readonly longest_drain_ms: number;
  readonly moved: number;
  readonly moved_in_flight: number;
  readonly most_moves_per_second: number;
  readonly most_told_per_second: number;
  readonly resumes: number;
  readonly resumes_ok: number;
  readonly resumes_elsewhere: number;
  readonly told_away: number;
  readonly told_back: number;

  readonly lost: number;
  readonly doubled: number;
  readonly out_of_order: number;
  readonly strange: number;
  readonly contradicted: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly started_anew: number;
  readonly ended: number;
  readonly ended_as: readonly string[];
  readonly spurious_left: number;
  readonly silent: number;
  readonly cut_off: number;
  readonly unclean_exits: number;
  readonly ghosts: number;
  readonly absent: number;
  readonly wrong_views: number;
  readonly server_errors: number;
  readonly server_errors_by_event: Readonly<Record<string, number>>;
}

/** What became of clients that were kept away for longer than their reconnection window. */
export interface PastWindow {
  readonly clients: number;
  /** How many of them each one that stayed in their room saw leave exactly once, with `connection_lost`, in time. */
  readonly left_once: number;
  /** Within how long after the cut or the kill that had to be, in milliseconds. */
  readonly left_within_ms: number;
  /** From the cut until the others saw it, in milliseconds, shortest and longest; 0 where nobody did. */
  readonly left_after_ms: readonly [number, number];
  /** How many were told that they did not recover. */
  readonly told: number;
  /** How many have the room as it is now: its peers, with what they say of themselves. */
  readonly right_snapshots: number;
}

/** One run of clients that lose their connections, as it is printed. */
export interface ChaosReport extends RunReport, Figures {
  /** What is promised for the other things that it does. Absent: there are none. */
  readonly also_promised?: readonly PromisedLine[];
  readonly nodes: number;
  /** Absent: the run ended before that. */
  readonly past_window?: PastWindow;
  /** What stands in Redis when all clients are gone and should not. Absent: it was not looked at. */
  readonly left_behind?: readonly string[];
  /** What the nodes held as time went by. Absent: it was not looked at. */
  readonly held?: Readonly<Record<Held, Steadiness>>;
}
