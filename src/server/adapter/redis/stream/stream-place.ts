import calculateSlot from 'cluster-key-slot';
import type { StreamName } from '../../../port/room-log.ts';

/** Where a stream is in Redis: its keys, which share a slot, and its channel, whose slot that is too. */
export interface StreamPlace {
  readonly stream: StreamName;
  /**
   * In the order in which the scripts know them. The channel is none: it is no key that the server could find, so where the slot is on
   * its way to another server every script would be refused as one that has some of its keys elsewhere.
   */
  readonly keys: readonly [string, ...string[]];
  readonly channel: string;
  /** Of what is directed to members that a node has. */
  readonly channelTo: (node: string) => string;
  readonly slot: number;
}

/** `room:daily` has `room:{daily}:state` and so on. */
export function streamPlace(stream: StreamName): StreamPlace {
  const colon = stream.indexOf(':');
  const name = `${stream.slice(0, colon)}:{${stream.slice(colon + 1)}}`;
  const parts = ['state', 'members', 'sources', 'log', 'nodes', 'directed'].map((part) => `${name}:${part}`);
  const channel = `channel:${name}`;
  return {
    stream,
    keys: parts as unknown as [string, ...string[]],
    channel,
    channelTo: (node) => `${channel}:${node}`,
    slot: calculateSlot(channel),
  };
}
