// Preloaded into the server: nobody looks whether the store has lost something, so that nothing is put back.
import type * as Restore from '../../../src/server/feature/room/room-restore.ts';
import type * as Look from '../../../src/server/session/session-look.ts';
import { builtModule } from './built-module.ts';

const { RoomRestore } = await builtModule<typeof Restore>('server/feature/room/room-restore.ts');
const { SessionLook } = await builtModule<typeof Look>('server/session/session-look.ts');
RoomRestore.prototype.hasLost = () => Promise.resolve(false);
SessionLook.prototype.start = () => undefined;
