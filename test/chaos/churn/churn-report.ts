import { mark, rows, title, verdict } from '../report/rows.ts';
import type { CommonCounts, RunReport } from '../report/run-report.ts';

/** What came and went, and what stayed. docs/chaos.md says what each figure is. */
export interface ChurnFigures {
  readonly nodes: number;
  readonly visits: number;
  readonly visits_by_end: Readonly<Record<string, number>>;
  readonly joins: number;
  readonly leaves: number;
  readonly resumes: number;
  readonly too_late: number;
  readonly failures: readonly string[];
  readonly server_errors: number;
  readonly left_behind: readonly string[];
  /** Of fresh servers, all together, after the warm-up, at the end. */
  readonly heap_bytes: readonly [number, number, number];
}

export interface ChurnReport extends RunReport, ChurnFigures {}

/** What is sent here are joins; one that has no leave is a ghost, and a leave too many was nobody's. */
export function churnCounts({ joins, leaves, resumes, too_late }: ChurnFigures): Partial<CommonCounts> {
  return {
    sent: joins,
    resumes: resumes + too_late,
    resumes_ok: resumes,
    ghosts: Math.max(0, joins - leaves),
    spurious_left: Math.max(0, leaves - joins),
  };
}

export function brokenByChurn(figures: ChurnFigures, wanted: number): readonly string[] {
  const { joins, leaves, failures, server_errors, left_behind } = figures;
  return [
    ...left_behind.map((what) => `left_behind: ${what}`),
    ...failures.map((failure) => `failures: ${failure}`),
    ...(leaves !== joins ? [`leaves: ${leaves} for ${joins} joins`] : []),
    ...(server_errors > 0 ? [`server_errors: ${server_errors}`] : []),
    ...(joins < wanted ? [`joins: ${joins} of ${wanted}`] : []),
  ];
}

export function churnTable(report: ChurnReport): string {
  const { joins, leaves, left_behind, failures, heap_bytes, server_errors } = report;
  const ends = Object.entries(report.visits_by_end).map(([end, count]) => `${count} ${end}`);
  const [fresh, before, after] = heap_bytes.map((bytes) => (bytes / 1e6).toFixed(1));
  return [
    title(report),
    ...rows([
      ['', 'visits', report.visits, ends.join(', ')],
      ['', 'joins', joins, 'as the log of the server has them'],
      [mark(leaves === joins), 'leaves', leaves, 'one for each join'],
      ['', 'resumes', report.resumes, `${report.too_late} more came after their window`],
      [mark(failures.length === 0), 'failures', failures.length, 'visits that went otherwise than meant'],
      [mark(server_errors === 0), 'server_errors', server_errors, 'errors in the log of the server'],
      [mark(left_behind.length === 0), 'left behind', left_behind.length, 'kinds of things'],
      ['', 'heap', after ?? '', `MB on ${report.nodes} node(s); ${before} after the warm-up, ${fresh} fresh`],
    ]),
    '',
    ...verdict(report),
  ].join('\n');
}
