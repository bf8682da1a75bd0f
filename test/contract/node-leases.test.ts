import { MemoryNodeLeases } from '../../src/server/adapter/memory/memory-node-leases.ts';
import { nodeLeasesContract } from './node-leases.contract.ts';

nodeLeasesContract('memory', () =>
  Promise.resolve({ leases: new MemoryNodeLeases(), close: () => Promise.resolve() }),
);
