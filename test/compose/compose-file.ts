import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** As much of a service as is looked at. */
export interface ComposeService {
  readonly build?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: unknown;
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
}

type Values = Readonly<Record<string, string>>;

/**
 * A compose file with these variables put in, as Docker Compose does.
 *
 * @throws Error where one is missing that the file insists on: `${NAME:?why}`.
 */
export function readComposeFile(path: string, values: Values): ComposeFile {
  return withValues(parse(readFileSync(path, 'utf8'), { merge: true }), values) as ComposeFile;
}

/** The names of the variables that a compose file takes, and of those that it sets. */
export function variablesOf(path: string): readonly string[] {
  const taken = [...readFileSync(path, 'utf8').matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name);
  const services = parse(readFileSync(path, 'utf8'), { merge: true }) as ComposeFile;
  const set = Object.values(services.services).flatMap(({ environment = {} }) => Object.keys(environment));
  return [...new Set([...taken, ...set])];
}

function withValues(node: unknown, values: Values): unknown {
  if (typeof node === 'string') return substitute(node, values);
  if (Array.isArray(node)) return node.map((item) => withValues(item, values));
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withValues(value, values)]));
}

/** `${NAME:-default}`, and `${NAME:?what is missing}`. */
function substitute(text: string, values: Values): string {
  return text.replaceAll(
    /\$\{([A-Z_]+):([-?])([^}]*)\}/g,
    (_all, name: string, kind: string, rest: string) => {
      const value = values[name];
      if (value) return value;
      if (kind === '?') throw new Error(`required variable ${name} is missing a value: ${rest}`);
      return rest;
    },
  );
}
