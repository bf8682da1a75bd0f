import { type DescField, type DescMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';

/** What a message says, whoever decoded it: its fields that are set, by their names in the schema. */
export type Meaning = { readonly [field: string]: unknown };

/** What a message of protobuf-es says. */
export function meaningOf(schema: DescMessage, message: Message): Meaning {
  return meaningOfReflected(reflect(schema, message));
}

function meaningOfReflected(message: ReflectMessage): Meaning {
  return meaningFrom(message.desc, (field) => {
    if (!message.isSet(field)) return undefined;
    if (field.fieldKind === 'list')
      return Array.from(message.get(field), (item) => plain(field, item, toMeaning));
    if (field.fieldKind !== 'map') return plain(field, message.get(field), toMeaning);
    return sorted(
      Array.from(message.get(field), ([key, value]) => [String(key), plain(field, value, toMeaning)]),
    );
  });
}

function toMeaning(_schema: DescMessage, value: unknown): Meaning {
  return meaningOfReflected(value as ReflectMessage);
}

/** What a message of protobufjs, with the schema's own names, says by the same schema. */
export function meaningOfObject(schema: DescMessage, message: object): Meaning {
  const values = message as Readonly<Record<string, unknown>>;
  return meaningFrom(schema, (field) => {
    const value = Object.hasOwn(values, field.name) ? values[field.name] : undefined;
    if (value === undefined || value === null) return undefined;
    if (field.fieldKind === 'list') {
      const items = value as readonly unknown[];
      return items.length === 0 ? undefined : items.map((item) => plain(field, item, ofObject));
    }
    if (field.fieldKind === 'map') {
      const entries = Object.entries(value);
      return entries.length === 0
        ? undefined
        : sorted(entries.map(([key, value]) => [key, plain(field, value, ofObject)]));
    }
    const said = plain(field, value, ofObject);
    return field.presence === FeatureSet_FieldPresence.IMPLICIT && said === zero(field) ? undefined : said;
  });
}

function ofObject(schema: DescMessage, value: unknown): Meaning {
  return meaningOfObject(schema, value as object);
}

function meaningFrom(schema: DescMessage, valueOf: (field: DescField) => unknown): Meaning {
  const entries = schema.fields.map((field) => [field.name, valueOf(field)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A value as both libraries can say it: numbers of 64 bits and what JSON does not tell apart as text, bytes as hexadecimal. */
function plain(
  field: DescField,
  value: unknown,
  inner: (schema: DescMessage, value: unknown) => Meaning,
): unknown {
  if (field.message) return inner(field.message, value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'boolean' ? value : String(value);
}

/** The value, as `plain` has it, that a field without presence does not tell from none. */
function zero({ scalar }: DescField): unknown {
  if (scalar === ScalarType.BOOL) return false;
  return scalar === ScalarType.STRING || scalar === ScalarType.BYTES ? '' : '0';
}

function sorted(entries: readonly (readonly [string, unknown])[]): Meaning {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
