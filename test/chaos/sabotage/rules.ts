/** The rules that can be switched off in the server, each by a preload of its name in this folder. */
export const sabotageRules = {
  dedupe: 'a request that is sent again after a lost connection has its effect once',
  replay: 'whoever comes back is given what was missed',
  reaper: 'what a dead node left is taken over',
  fence: 'who was taken over has no effect any more, where it was not told of it',
  grace: 'while the store is away nobody is taken for dead',
  pace: 'the clients of a node that drains move one after the other',
  lineage: 'what a failover lost is noticed',
  vouch: 'what a failover lost is told also to those who did not see it',
  retry: 'what meets a slot that is half here and half there is tried again',
  wait: 'with ack=replica a write is acknowledged when a replica has it',
  budget: 'what waits for a slow reader is left in the log',
  forget: 'a session that has ended is forgotten',
  later: 'who finds no room is told when to come again',
  clear: 'a connection that is gone leaves no timer behind',
  restore: 'what the store has lost is put back',
} as const;

export type SabotageRule = keyof typeof sabotageRules;

/** What `node --import` takes, from the root of the repository. */
export function sabotagePreload(rule: SabotageRule): string {
  return `./test/chaos/sabotage/${rule}.ts`;
}
