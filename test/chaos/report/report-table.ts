import type { Particular } from '../talking/talking-run.ts';
import { brokenPastWindow, faults, mustBeZero } from './broken-promises.ts';
import type { ChaosReport, PastWindow } from './chaos-report.ts';
import { mark, type Row, rows, title, verdict } from './rows.ts';

const mostLines = 10;

/** A report for people: what was done, what must be nought, and what comes of it. */
export function reportTable(report: ChaosReport, particulars: readonly Particular[] = []): string {
  const { promise, past_window: pastWindow, left_behind: left, held } = report;
  return [
    title(report),
    ...rows(done(report)),
    ...rows(particulars.map(({ name, value, says }) => ['', name, value, says])),
    '',
    ...rows(faults.map((fault) => [mark(report[fault] === 0), fault, report[fault], mustBeZero[fault]])),
    ...(pastWindow === undefined ? [] : ['', ...rows(past(pastWindow))]),
    ...(held === undefined
      ? []
      : [
          '',
          ...rows(
            Object.entries(held).map(([name, { first, last, allowed }]) => [
              mark(last <= allowed),
              name,
              last,
              `at last, ${first} after the warm-up, ${allowed} allowed`,
            ]),
          ),
        ]),
    ...(left === undefined
      ? []
      : [
          '',
          ...rows([
            [mark(left.length === 0), 'left behind', left.length, 'things in Redis that nobody needs'],
          ]),
        ]),
    '',
    ...[promise, ...(report.also_promised ?? [])].flatMap(({ event, holds }) => [
      `promised when ${event}:`,
      `  ${holds}`,
    ]),
    ...verdict(report, shortened(report.ended_as)),
  ].join('\n');
}

function done(report: ChaosReport): readonly Row[] {
  const kinds = listed(report.cuts_by_kind);
  return [
    ['', 'sent', report.sent, 'messages handed to the SDK'],
    ['', 'delivered', report.delivered, 'messages given out by the SDK, each counted once'],
    ['', 'rejected', sum(report.rejected), listed(report.rejected) || 'messages refused'],
    ['', 'said_gone', report.said_gone, 'messages missing whose receiver was told so'],
    ['', 'cuts', report.cuts, kinds],
    [
      '',
      'in flight',
      percent(report.cuts_in_flight, report.cuts),
      'of the cuts while a request waited for its answer',
    ],
    [
      '',
      'in handshake',
      percent(report.cuts_in_handshake, report.cuts),
      'of the cuts before the client was signed in',
    ],
    ...(report.kills === 0
      ? []
      : [
          [
            '',
            'kills',
            report.kills,
            `${report.kills_in_flight} while requests waited for their answers`,
          ] as const,
        ]),
    ...(report.freezes === 0
      ? []
      : [['', 'freezes', report.freezes, 'processes stopped for a while'] as const]),
    ...(report.drains === 0
      ? []
      : [
          [
            '',
            'drains',
            report.drains,
            `the longest ${(report.longest_drain_ms / 1_000).toFixed(1)} s`,
          ] as const,
          [
            '',
            'moved',
            report.moved,
            `${report.moved_in_flight} while requests waited for their answers, at most ${report.most_moves_per_second} in a second`,
          ] as const,
        ]),
    ...(report.told_away + report.told_back === 0
      ? []
      : [
          [
            '',
            'told',
            report.told_away,
            `times that the store is away, ${report.told_back} that it is back`,
          ] as const,
        ]),
    [
      '',
      'resumes',
      report.resumes,
      `${report.resumes_ok} without a gap, ${report.resumes_elsewhere} on another node than before`,
    ],
  ];
}

function past(pastWindow: PastWindow): readonly Row[] {
  const { clients, left_once, told, right_snapshots, left_after_ms, left_within_ms } = pastWindow;
  const [first, last] = left_after_ms.map((ms) => (ms / 1_000).toFixed(1));
  const isRight = brokenPastWindow(pastWindow).length === 0;
  return [
    [mark(isRight), 'kept away', clients, 'clients, past their reconnection window'],
    [
      '',
      'left once',
      left_once,
      `of them the others saw leave once, ${first} to ${last} s after they were cut off, ${left_within_ms / 1_000} s at most`,
    ],
    ['', 'told', told, 'of them were told that they did not recover'],
    ['', 'right', right_snapshots, 'of them have the room as it is'],
  ];
}

function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines), `and ${lines.length - mostLines} more`];
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.round((100 * part) / whole)} %`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
