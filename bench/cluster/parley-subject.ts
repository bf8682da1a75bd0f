import { ParleyPairs, startParley } from '../parley-pairs.ts';
import type { Subject } from '../subject.ts';
import { type ClusterPart, startNodes } from './nodes.ts';

/** Two nodes of Parley on one Redis. */
export const parley: Subject<ClusterPart> = {
  name: 'parley',
  async start() {
    const nodes = await startNodes(async (redisUrl) => {
      const server = await startParley({ REDIS_URL: redisUrl });
      return { server, pid: server.process.pid, stop: () => server.stop() };
    });
    const pairs = new ParleyPairs(nodes.sending.server, nodes.receiving.server);
    return {
      ...nodes,
      connect: (index, received) => pairs.connect(index, received),
      audit: (relayed) => pairs.audit(relayed),
    };
  },
};
