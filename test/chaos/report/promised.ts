/** What is promised, by what goes wrong. docs/chaos.md shows the same table. */
export const promised = {
  connection: {
    event: 'socket lost, drain, node SIGKILL, connection to Redis lost',
    holds: '0 lost, 0 doubled, in order, within window and retention',
  },
  redisKilled: {
    event: 'Redis process killed, appendfsync always',
    holds: 'the same; with everysec, up to about 2 s may go, and is noticed',
  },
  flush: {
    event: 'flush',
    holds: 'all gone; membership rebuilt from sockets',
  },
  failover: {
    event: 'failover, default',
    holds:
      'acknowledged entries of the last replication lag may be gone; always noticed: recovered: false and a snapshot',
  },
  failoverReplicaAck: {
    event: 'failover, ack=replica (group commit with WAIT 1)',
    holds: 'survives unless the replica that answered is lost too or not chosen',
  },
  slotMoved: {
    event: 'slot of a cluster moved',
    holds: 'nothing lost, nothing doubled, in order; nobody has to come back',
  },
} as const;

export type PromisedLine = (typeof promised)[keyof typeof promised];
