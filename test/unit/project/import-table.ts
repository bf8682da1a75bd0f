import path from 'node:path';
import { repository } from './repository.ts';

/** One row of the import table in .dependency-cruiser.mjs. */
export interface ImportRow {
  readonly folder: string;
  /** Our folders and files that it may import. */
  readonly own?: readonly string[];
  /** Those of which it may import types alone. */
  readonly types?: readonly string[];
}

export async function readImportTable(): Promise<readonly ImportRow[]> {
  const module: unknown = await import(path.join(repository, '.dependency-cruiser.mjs'));
  return (module as { readonly importTable: readonly ImportRow[] }).importTable;
}
