import type { Datum } from './run-record.ts';

/** A personal or secret datum in a line of the log. The datum itself is not said again. */
export interface Leak {
  readonly kind: string;
  /** The event of the line. Empty: the line is none of the log's form. */
  readonly event: string;
  /** The path of the field: `error.message`. Empty: the line is none of the log's form. */
  readonly field: string;
}

/** What is known by its form, whoever made it. */
const forms: readonly (readonly [kind: string, form: RegExp])[] = [
  ['token', /eyJ[\w-]{8,}/],
  ['SDP', /\bv=0\b|\ba=[a-z-]+:|\bice-(ufrag|pwd)\b/],
  ['candidate', /\bcandidate:/],
  // A user id that a development server made: a name, and eight hexadecimal digits at random. Nodes are named so too.
  ['user id', /(?<![\w-])(?!node-)[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{8}(?![\w-])/],
];
/** Session secrets and signatures: so much at random that nothing else looks like it. A UUID has no capitals. */
const random = /(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{32,}(?![\w-])/;
const separators = /\W+/;
/** What names a relay: some signs at random and a count, which may spell a short name. */
const correlationId = /^[\w-]{8}\.[0-9a-z]+$/;

/**
 * Finds what must not stand in a server's log (promise X5): tokens, SDP, candidates, session secrets and user ids.
 *
 * - Tokens, SDP, candidates and secrets are known by their forms, in whatever text they stand. A token that was issued is
 *   found by its signature too, whatever its form.
 * - A user id is found where it stands as a word, between signs that are no letter, digit or underscore, in any field and in
 *   the names of fields; one of several words wherever it stands. The one exception is the correlation id of a relay: a test
 *   whose user has a name that is a word of the log (`lost`, or the id of any test's room) is found as well, and gives its user
 *   another name.
 */
export class PersonalData {
  /** User ids that are one word, and those of several. */
  readonly #words = new Set<string>();
  readonly #phrases = new Set<string>();
  readonly #signatures = new Set<string>();

  constructor(data: readonly Datum[]) {
    for (const { kind, value } of data) {
      if (kind === 'token') this.#signatures.add(value.slice(value.lastIndexOf('.') + 1));
      else if (separators.test(value)) this.#phrases.add(value);
      else this.#words.add(value);
    }
  }

  /** Where personal data stand in a line. */
  in(line: string): readonly Leak[] {
    const entry = entryOf(line);
    if (entry === undefined) return this.#kindsIn(line).map((kind) => ({ kind, event: '', field: '' }));
    const event = typeof entry['event'] === 'string' ? entry['event'] : '';
    return textsOf(entry, '').flatMap(([field, text]) =>
      this.#kindsIn(text).map((kind) => ({ kind, event, field })),
    );
  }

  #kindsIn(text: string): readonly string[] {
    const kinds = forms.flatMap(([kind, form]) => (form.test(text) ? [kind] : []));
    if (random.test(text)) kinds.push('secret');
    if (correlationId.test(text)) return kinds;
    if (text.split(/[^\w-]+/).some((word) => this.#signatures.has(word))) kinds.push('token');
    const hasUser = text.split(separators).some((word) => this.#words.has(word));
    if (hasUser || [...this.#phrases].some((phrase) => text.includes(phrase))) kinds.push('user id');
    return [...new Set(kinds)];
  }
}

function entryOf(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? { ...entry } : undefined;
  } catch {
    return undefined;
  }
}

/** Every text in a value, and every name of a field, with the path that leads there. */
function textsOf(value: unknown, path: string): readonly (readonly [path: string, text: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const innerPath = path === '' ? name : `${path}.${name}`;
    return [[innerPath, name] as const, ...textsOf(inner, innerPath)];
  });
}
