import { ParleyPairs, startParley } from '../parley-pairs.ts';
import type { Subject } from '../subject.ts';
import { oneServer, type ServerAlone } from './one-server.ts';

/** One node of Parley, with the state in memory. */
export const parley: Subject<ServerAlone> = {
  name: 'parley',
  async start() {
    const server = await startParley();
    const pairs = new ParleyPairs(server, server);
    return {
      ...oneServer({ pid: server.process.pid, stop: () => server.stop() }),
      connect: (index, received) => pairs.connect(index, received),
      audit: (relayed) => pairs.audit(relayed),
    };
  },
};
