import { codeName, ErrorCode } from '../../src/shared/signal-error.ts';
import type { FuzzReport } from './fuzz-run.ts';
import type { KindCount } from './tally.ts';

const codes = [
  ErrorCode.MALFORMED_FRAME,
  ErrorCode.INVALID_ARGUMENT,
  ErrorCode.UNKNOWN_FRAME,
  ErrorCode.FRAME_TOO_LARGE,
].map(codeName);
const nameWidth = 26;
const width = 17;

/** A report as a table for people: each kind of case, what came of it, and what of that only the server refuses. */
export function reportTable(report: FuzzReport): string {
  const { cases, mutations, accepted, live, outgoing } = report;
  const total = (code: string) => report.kinds.reduce((sum, { refused }) => sum + (refused[code] ?? 0), 0);
  return [
    row('kind of case', ['cases', 'accepted', ...codes]),
    ...report.kinds.flatMap(kindRows),
    row('all', [cases, accepted, ...codes.map(total)]),
    '',
    'refused by the server, taken by the generated decoder:',
    ...decoderRows(report.kinds),
    '',
    `${cases} cases, ${percent(mutations, cases)} mutations of good frames, ${percent(accepted, cases)} accepted`,
    `${live.frames} of them through a socket, over ${live.connections} connections`,
    `${Object.entries(outgoing)
      .map(([kind, count]) => `${count} × ${kind}`)
      .join(', ')}: the same by protobuf-es and by protobufjs`,
    `seed ${report.seed}, ${report.seconds} s`,
  ].join('\n');
}

function kindRows({ kind, cases, accepted, refused, decoderTakes }: KindCount): readonly string[] {
  const taken = Object.entries(decoderTakes)
    .toSorted(([, a], [, b]) => b - a)
    .map(([listed, count]) => `${count} × ${listed}`);
  return [
    row(kind, [cases, accepted, ...codes.map((code) => refused[code] ?? 0)]),
    ...(taken.length > 0 ? [`    decoder takes ${taken.join(', ')}`] : []),
  ];
}

function decoderRows(kinds: readonly KindCount[]): readonly string[] {
  const totals = new Map<string, number>();
  for (const { decoderTakes } of kinds)
    for (const [listed, count] of Object.entries(decoderTakes))
      totals.set(listed, (totals.get(listed) ?? 0) + count);
  return [...totals]
    .toSorted(([, a], [, b]) => b - a)
    .map(([listed, count]) => `${String(count).padStart(8)} ${listed}`);
}

function row(name: string, cells: readonly (string | number)[]): string {
  return name.padEnd(nameWidth) + cells.map((cell) => String(cell).padStart(width)).join('');
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
