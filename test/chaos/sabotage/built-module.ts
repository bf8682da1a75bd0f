/** A module of `dist/`, as the server loads it. `path` is that of its source, from `src/`. */
export async function builtModule<Module>(path: string): Promise<Module> {
  return (await import(builtUrl(path).href)) as Module;
}

/** Where it is. */
export function builtUrl(path: string): URL {
  return new URL(`../../../dist/src/${path.replace(/\.ts$/, '.js')}`, import.meta.url);
}
