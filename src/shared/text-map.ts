import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { maxMetadataBytes, maxMetadataEntries } from './limits.ts';

/** What a room or a peer says of itself: a room's metadata, a peer's attributes. */
export type TextMap = Readonly<Record<string, string>>;

/**
 * What of a map is past its bounds (64 entries, 16,384 bytes of UTF-8 with the keys, no empty key), in words that follow the
 * map's name: `has 65 entries, the limit is 64`. Undefined: nothing.
 */
export function textMapFault(map: TextMap): string | undefined {
  const entries = Object.entries(map);
  if (entries.length > maxMetadataEntries) {
    return `has ${entries.length} entries, the limit is ${maxMetadataEntries}`;
  }
  if (Object.hasOwn(map, '')) return 'has an entry without a name';
  const { encodeUtf8 } = getTextEncoding();
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + encodeUtf8(key).length + encodeUtf8(value).length,
    0,
  );
  return bytes > maxMetadataBytes ? `is ${bytes} bytes, the limit is ${maxMetadataBytes}` : undefined;
}
