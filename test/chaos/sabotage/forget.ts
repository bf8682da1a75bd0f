// Preloaded into the server: the records of sessions stay for ever.
import type * as Memory from '../../../src/server/adapter/memory/memory-session-store.ts';
import type * as Redis from '../../../src/server/adapter/redis/session/redis-session-store.ts';
import { builtModule } from './built-module.ts';

const { MemorySessionStore } = await builtModule<typeof Memory>(
  'server/adapter/memory/memory-session-store.ts',
);
const { RedisSessionStore } = await builtModule<typeof Redis>(
  'server/adapter/redis/session/redis-session-store.ts',
);
for (const { prototype } of [MemorySessionStore, RedisSessionStore])
  prototype.forget = () => Promise.resolve();
