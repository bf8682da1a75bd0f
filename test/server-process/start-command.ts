import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly scripts: { readonly start: string };
};
const [, ...args] = scripts.start.split(' ');

/** What `npm start` gives to `node`: its flags, and the program. */
export const startCommand = { flags: args.slice(0, -1), program: args.at(-1) ?? '' };
