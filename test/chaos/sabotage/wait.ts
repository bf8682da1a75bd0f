// Preloaded into the server: nothing waits until a replica has it.
import type * as Module from '../../../src/server/adapter/redis/client/redis-primary.ts';
import { builtModule } from './built-module.ts';

const { RedisPrimary } = await builtModule<typeof Module>('server/adapter/redis/client/redis-primary.ts');
RedisPrimary.prototype.replicated = () => Promise.resolve();
