// Preloaded into the server: each connection that is gone leaves a timer behind.
import type * as Module from '../../../src/server/session/session.ts';
import type * as Time from '../../../src/shared/clock.ts';
import { builtModule } from './built-module.ts';

const dayMs = 86_400_000;

const { Session } = await builtModule<typeof Module>('server/session/session.ts');
const { systemClock } = await builtModule<typeof Time>('shared/clock.ts');
const whole = Object.getOwnPropertyDescriptor(Session.prototype, 'disconnected')?.value as () => void;
Session.prototype.disconnected = function () {
  whole.call(this);
  systemClock.after(dayMs, () => undefined);
};
