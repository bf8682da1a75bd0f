// Preloaded into the server: sign-ins for which the line is too long are sent away without a word of when to come again.

import type * as Module from '../../../src/server/socket/sign-in-line.ts';
import type * as Errors from '../../../src/shared/signal-error.ts';
import { builtModule } from './built-module.ts';

const { SignInLine } = await builtModule<typeof Module>('server/socket/sign-in-line.ts');
const { ErrorCode, SignalError } = await builtModule<typeof Errors>('shared/signal-error.ts');
SignInLine.prototype.tooLong = (message) => new SignalError(ErrorCode.RATE_LIMITED, message);
