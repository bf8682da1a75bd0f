// Preloaded into the server: a node that drains has all of its clients move at once.
import type * as Module from '../../../src/server/session/move-plan.ts';
import { builtModule } from './built-module.ts';

const { MovePlan } = await builtModule<typeof Module>('server/session/move-plan.ts');
MovePlan.prototype.afterMs = () => 0;
