/** The rules that can be switched off in the server, each by a preload of its name in this folder. */
export const sabotageRules = {
  dedupe: 'a request that is sent again after a lost connection has its effect once',
  replay: 'whoever comes back is given what was missed',
} as const;

export type SabotageRule = keyof typeof sabotageRules;

/** What `node --import` takes, from the root of the repository. */
export function sabotagePreload(rule: SabotageRule): string {
  return `./test/chaos/sabotage/${rule}.ts`;
}
