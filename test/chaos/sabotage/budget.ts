// Preloaded into the server: there is always room to send, however much waits.
import type * as Module from '../../../src/server/session/outbound.ts';
import { builtModule } from './built-module.ts';

const { Outbound } = await builtModule<typeof Module>('server/session/outbound.ts');
Object.defineProperty(Outbound.prototype, 'hasRoom', { get: () => true });
