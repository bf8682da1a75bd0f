// Preloaded into the server: nothing waits until a replica has it.
import type * as Module from '../../../src/server/adapter/redis/client/group-wait.ts';
import { builtModule } from './built-module.ts';

const { GroupWait } = await builtModule<typeof Module>('server/adapter/redis/client/group-wait.ts');
GroupWait.prototype.replicated = () => Promise.resolve();
