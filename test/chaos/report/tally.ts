import { Bell } from '../bell.ts';
import { Observations } from '../clients/observations.ts';
import { Ledger } from '../ledger/ledger.ts';
import { KillCount } from '../nodes/kill-count.ts';
import { MoveCount } from '../nodes/move-count.ts';
import { CutCount } from '../proxy/cut-count.ts';
import { Samples } from '../soak/samples.ts';
import type { Figures } from './chaos-report.ts';

/** Everything that is counted in a run. */
export class Tally {
  readonly #mayRefuse: ReadonlySet<string>;
  /** Rings when something was counted that somebody may wait for. */
  readonly changes = new Bell();
  readonly ledger = new Ledger(this.changes);
  readonly observations = new Observations(this.changes);
  readonly cuts = new CutCount();
  readonly kills = new KillCount();
  readonly moves = new MoveCount();
  /** What the nodes held, where a run looks at that. */
  readonly samples = new Samples();
  /** Processes that were stopped for a while, and clients that were connected to them. */
  readonly freezes = { total: 0, clients: 0 };
  /** Tokens that SDKs asked for: one each, and more as they refresh them. */
  tokensGiven = 0;
  ghosts = 0;
  absent = 0;
  wrongViews = 0;
  readonly #serverErrors = new Map<string, number>();
  #isServerGone = false;
  /** Sightings of a peer that rightly left, rooms that rightly started anew, messages rightly refused: none while every window holds. */
  rightlyLeft = 0;
  rightlyAnew = 0;
  rightlyRefused = 0;
  /** Clients that are not connected, or whose partner does not hear them, though nothing is broken any more. */
  silent = 0;
  /** How often the room of a client may start anew, because entries of it were lost. */
  readonly #mayStartAnew = new Map<string, number>();

  /** `mayRefuse`: the codes by which messages may be refused while things are broken. */
  constructor(mayRefuse: readonly string[] = []) {
    this.#mayRefuse = new Set(mayRefuse);
  }

  get isServerGone(): boolean {
    return this.#isServerGone;
  }

  /** The server's process has ended. */
  loseServer(): void {
    this.#isServerGone = true;
    this.observations.end('server', 'ended');
  }

  /** A line of a server's log at level `error`. */
  serverError(event: string): void {
    this.#serverErrors.set(event, (this.#serverErrors.get(event) ?? 0) + 1);
    this.changes.ring();
  }

  /** What a client's room had is lost: the client must be told, so that its room starts anew once more. */
  letStartAnew(client: string): void {
    this.#mayStartAnew.set(client, (this.#mayStartAnew.get(client) ?? 0) + 1);
  }

  /** How often a room started anew that should, or might. */
  get startedAnewRightly(): number {
    const { observations } = this;
    return [...this.#mayStartAnew].reduce(
      (sum, [client, times]) => sum + Math.min(times, observations.startsAnewOf(client)),
      this.rightlyAnew,
    );
  }

  /** How many clients came back to a room that had to start anew, and so did not recover. */
  get resumedAnewRightly(): number {
    const { observations } = this;
    return [...this.#mayStartAnew].reduce(
      (sum, [client, times]) => sum + Math.min(times, observations.notRecoveredOf(client)),
      this.rightlyAnew,
    );
  }

  /** Messages refused by a code that nothing of what is broken explains. */
  get refused(): number {
    return this.ledger.refusedBut(this.#mayRefuse) - this.rightlyRefused;
  }

  /** Whether something was seen that no later event can make good. */
  get isBroken(): boolean {
    return Object.values(this.#seen()).some((count) => count > 0);
  }

  /** For who watches the run. */
  progress(): readonly string[] {
    const { ledger, cuts, observations } = this;
    return [
      `${ledger.sent} sent`,
      `${ledger.delivered} delivered`,
      ...(cuts.total > 0 ? [`${cuts.total} cuts`] : []),
      ...(this.kills.total > 0 ? [`${this.kills.total} kills`] : []),
      ...(this.moves.drains > 0 ? [`${this.moves.moved} moved`] : []),
      `${observations.resumes} resumes`,
    ];
  }

  figures(): Figures {
    const { ledger, observations, cuts, moves } = this;
    return {
      sent: ledger.sent,
      delivered: ledger.delivered,
      rejected: ledger.rejected,
      said_gone: ledger.saidGone,
      cuts: cuts.total,
      cuts_in_flight: cuts.inFlight,
      cuts_in_handshake: cuts.inHandshake,
      cuts_by_kind: cuts.byKind,
      kills: this.kills.total,
      kills_in_flight: this.kills.inFlight,
      freezes: this.freezes.total,
      tokens: this.tokensGiven,
      drains: moves.drains,
      longest_drain_ms: moves.longestDrainMs,
      moved: moves.moved,
      moved_in_flight: moves.movedInFlight,
      most_moves_per_second: moves.mostPerSecond,
      most_told_per_second: moves.mostToldPerSecond,
      resumes: observations.resumes,
      resumes_ok: observations.resumesOk,
      resumes_elsewhere: observations.resumesElsewhere,
      told_away: observations.toldAway,
      told_back: observations.toldBack,
      lost: ledger.missing,
      ...this.#seen(),
      ended_as: [...observations.ended],
      server_errors_by_event: Object.fromEntries(this.#serverErrors),
      contradicted: ledger.contradicted,
      refused: this.refused,
      unanswered: ledger.open + (ledger.rejected['DEADLINE_EXCEEDED'] ?? 0),
      ghosts: this.ghosts,
      absent: this.absent,
      wrong_views: this.wrongViews,
    };
  }

  #seen() {
    const { ledger, observations, moves } = this;
    return {
      ...ledger.faults,
      started_anew: observations.startsAnew - this.startedAnewRightly,
      ended: observations.ended.length,
      spurious_left: observations.left.length - this.rightlyLeft,
      silent: this.silent,
      cut_off: moves.cutOff,
      unclean_exits: moves.uncleanExits,
      server_errors: [...this.#serverErrors.values()].reduce((sum, count) => sum + count, 0),
    };
  }
}
