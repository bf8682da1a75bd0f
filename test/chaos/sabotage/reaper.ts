// Preloaded into the server: nobody takes over what a node left that died.
import type * as Module from '../../../src/server/adapter/redis/session/redis-session-store.ts';
import { builtModule } from './built-module.ts';

const { RedisSessionStore } = await builtModule<typeof Module>(
  'server/adapter/redis/session/redis-session-store.ts',
);
RedisSessionStore.prototype.adopt = () => Promise.resolve(false);
