/** One promise in docs/coverage.md. */
export interface CoverageEntry {
  readonly id: string;
  /** Titles of the tests that prove it; empty where the document says "not yet". */
  readonly tests: readonly string[];
}

const notYet = 'Proven: not yet.';
const heading = /^### ([A-Z]\d+)$/;
const item = /^- (`.*`)$/;

/** The promises in the document: `### id`, what it is and what serves it, then a list of the tests that prove it. */
export function readCoverage(markdown: string): readonly CoverageEntry[] {
  const entries: { id: string; tests: string[] }[] = [];
  for (const line of markdown.split('\n')) {
    const id = heading.exec(line)?.[1];
    const title = item.exec(line)?.[1];
    if (id !== undefined) entries.push({ id, tests: [] });
    else if (title !== undefined) entries.at(-1)?.tests.push(unquote(title));
  }
  return entries;
}

/** The document with the titles of these tests as its lists. */
export function writeCoverage(markdown: string, testsById: ReadonlyMap<string, readonly string[]>): string {
  let id: string | undefined;
  const lines = markdown.split('\n').flatMap((line) => {
    if (line.startsWith('#')) id = heading.exec(line)?.[1];
    if (item.test(line)) return [];
    if (!line.startsWith('Proven')) return [line];
    const tests = (id === undefined ? undefined : testsById.get(id)) ?? [];
    return tests.length === 0 ? [notYet] : ['Proven by', ...tests.map((title) => `- ${quote(title)}`)];
  });
  return lines.join('\n');
}

/** A title as inline code, which shows it letter for letter. */
function quote(title: string): string {
  return title.includes('`') ? `\`\` ${title} \`\`` : `\`${title}\``;
}

function unquote(code: string): string {
  return /^`` (.*) ``$/.exec(code)?.[1] ?? code.slice(1, -1);
}
