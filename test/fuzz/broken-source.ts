import { registerHooks } from 'node:module';

/** A piece of source in the place of another. */
interface Change {
  readonly find: string;
  readonly put: string;
}

/** What is changed in a file of `src/server/frame`, so that it does something wrong. */
export interface Break extends Change {
  readonly file: string;
  readonly also?: Change;
}

export const frameFolder = new URL('../../src/server/frame/', import.meta.url);
const parameter = 'broken';

/**
 * Lets modules of `src/server/frame` be loaded broken, beside the good ones, by `importBroken`. For programs that Node runs itself, which loads modules by these hooks.
 */
export function hookBroken(breaks: Readonly<Record<string, Break>>): void {
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const name = context.parentURL === undefined ? null : nameIn(context.parentURL);
      return name === null || !resolved.url.startsWith(frameFolder.href)
        ? resolved
        : { ...resolved, url: urlOf(resolved.url, name) };
    },
    load(url, context, next) {
      const loaded = next(url, context);
      const name = nameIn(url);
      const broken = name === null ? undefined : breaks[name];
      if (broken === undefined || !new URL(url).pathname.endsWith(`/${broken.file}`)) return loaded;
      return { ...loaded, source: breakSource(Buffer.from(loaded.source as Buffer).toString(), broken) };
    },
  });
}

/** A module of `src/server/frame`, with what it imports of that folder, in which a piece is replaced. */
export async function importBroken(file: string, name: string): Promise<unknown> {
  return import(urlOf(new URL(file, frameFolder).href, name));
}

function urlOf(url: string, name: string): string {
  return `${url}?${parameter}=${encodeURIComponent(name)}`;
}

function nameIn(url: string): string | null {
  return new URL(url).searchParams.get(parameter);
}

/** Throws where what is to be broken does not stand in the source once. */
export function breakSource(source: string, { file, also, ...first }: Break): string {
  return [first, ...(also ? [also] : [])].reduce((text, { find, put }) => {
    const parts = text.split(find);
    if (parts.length !== 2)
      throw new Error(`${file} has ${parts.length - 1} times what is to be broken: ${find}`);
    return parts.join(put);
  }, source);
}
