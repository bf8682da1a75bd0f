// Preloaded into the server: the records of sessions stay for ever.
import type * as Module from '../../../src/server/adapter/memory/memory-session-store.ts';
import { builtModule } from './built-module.ts';

const { MemorySessionStore } = await builtModule<typeof Module>(
  'server/adapter/memory/memory-session-store.ts',
);
MemorySessionStore.prototype.forget = () => Promise.resolve();
