/** What is promised, by what goes wrong. docs/chaos.md shows the same table. */
export const promised = {
  connection: {
    event: 'socket lost, drain, node SIGKILL, connection to Redis lost',
    promise: '0 lost, 0 doubled, in order, within window and retention',
  },
} as const;

export type PromisedLine = (typeof promised)[keyof typeof promised];
