/** A module of `dist/`, as the server loads it. `path` is that of its source, from `src/`. */
export async function builtModule<Module>(path: string): Promise<Module> {
  const url = new URL(`../../../dist/src/${path.replace(/\.ts$/, '.js')}`, import.meta.url);
  return (await import(url.href)) as Module;
}
