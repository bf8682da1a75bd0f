import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { type TextMap, textMapFault } from '../../shared/text-map.ts';

export type { TextMap };

/**
 * A room's metadata or a peer's attributes after a change: entries set, those with an empty value removed. Throws
 * INVALID_ARGUMENT when the outcome is past a bound, naming it by `what`.
 */
export function changeTextMap(before: TextMap, changes: TextMap, what: string): TextMap {
  const after = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(changes)) {
    // Removing an entry without a name is as wrong as setting one: it stays, and is found below.
    if (value === '' && key !== '') after.delete(key);
    else after.set(key, value);
  }
  const map = Object.fromEntries(after);
  const fault = textMapFault(map);
  if (fault !== undefined) throw new SignalError(ErrorCode.INVALID_ARGUMENT, `${what} ${fault}`);
  return map;
}
