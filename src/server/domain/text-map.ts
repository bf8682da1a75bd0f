import { maxMetadataBytes, maxMetadataEntries } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

export type TextMap = Readonly<Record<string, string>>;

/**
 * A room's metadata or a peer's attributes after a change: entries set, those with an empty value removed. Throws
 * INVALID_ARGUMENT when the outcome is past a bound, naming it by `what`.
 */
export function changeTextMap(before: TextMap, changes: TextMap, what: string): TextMap {
  const after = new Map(Object.entries(before));
  for (const [key, value] of Object.entries(changes)) {
    if (key === '') throw new SignalError(ErrorCode.INVALID_ARGUMENT, `${what} has an entry without a name`);
    if (value === '') after.delete(key);
    else after.set(key, value);
  }
  const entries = [...after];
  if (entries.length > maxMetadataEntries) {
    throw new SignalError(
      ErrorCode.INVALID_ARGUMENT,
      `${what} has ${entries.length} entries, the limit is ${maxMetadataEntries}`,
    );
  }
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (bytes > maxMetadataBytes) {
    throw new SignalError(
      ErrorCode.INVALID_ARGUMENT,
      `${what} is ${bytes} bytes, the limit is ${maxMetadataBytes}`,
    );
  }
  return Object.fromEntries(entries);
}
