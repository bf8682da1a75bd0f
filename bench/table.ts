/** A column of numbers: its name, the value of a row, and how many digits follow its point. */
export type Column<Row> = readonly [name: string, value: (row: Row) => number, digits: number];

const firstWidth = 18;
const gap = 3;

/** Rows of subjects with numbers, as text: a header, and a line for each row. */
export function table<Row extends { readonly subject: string }>(columns: readonly Column<Row>[]) {
  const widths = columns.map(([name]) => Math.max(name.length, 8) + gap);
  const line = (first: string, cells: readonly string[]) =>
    first.padEnd(firstWidth) + cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('');
  return {
    header: line(
      'subject',
      columns.map(([name]) => name),
    ),
    line: (row: Row) =>
      line(
        row.subject,
        columns.map(([, value, digits]) => value(row).toFixed(digits)),
      ),
  };
}
