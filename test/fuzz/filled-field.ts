import { type DescField, getOption, ScalarType } from '@bufbuild/protobuf';
import { Form, limit } from '../../gen/parley/options/v1/limits_pb.ts';
import { block } from '../unit/server/frame/wire-bytes.ts';
import { one, type Pick } from './pick.ts';
import { type WireMessage, wireRecord } from './record-tree.ts';

const letter = 97; // a hexadecimal digit too

/** A field that has a limit in bytes or items, and the message that it stands in. */
interface BoundedField {
  readonly message: WireMessage;
  readonly field: DescField;
}

/** Any field that has a limit: of text or bytes, a list or a map, each as often if there are such. */
export function boundedField(messages: readonly WireMessage[], pick: Pick): BoundedField | undefined {
  const places = messages.flatMap((message) =>
    (message.schema?.fields ?? []).map((field) => ({ message, field })),
  );
  const groups = [
    places.filter(({ field }) => field.fieldKind === 'scalar' && hasLimit(field)),
    places.filter(({ field }) => field.fieldKind === 'list'),
    places.filter(({ field }) => field.fieldKind === 'map'),
  ];
  return one(
    one(
      groups.filter((group) => group.length > 0),
      pick,
    ) ?? [],
    pick,
  );
}

/** Gives a field as much as it may hold, or one byte or item more. */
export function fillToLimit(message: WireMessage, field: DescField, pick: Pick): void {
  const { maxBytes, maxItems, form } = getOption(field, limit);
  const excess = pick(2);
  if (field.fieldKind === 'map' && maxBytes !== 0 && pick(2) === 0) {
    const value = Array<number>(maxBytes - 1 + excess).fill(letter);
    replace(message, field, Buffer.from([...block(1, [letter]), ...block(2, value)]));
  } else if (field.fieldKind === 'list' || field.fieldKind === 'map') {
    const same = message.records.filter(({ number }) => number === field.number);
    const record = same[0] ?? wireRecord(field.number, 2, Buffer.alloc(0));
    const count = (maxItems || 64) + excess - same.length;
    for (let index = 0; index < count; index++) message.records.push({ ...record });
  } else {
    const longest = form === Form.ID ? 128 : maxBytes || 1024;
    replace(message, field, Buffer.alloc(longest + excess, letter));
  }
}

/** Text of another form than an id has one length alone. */
function hasLimit(field: DescField): boolean {
  const { form } = getOption(field, limit);
  if (field.scalar === ScalarType.BYTES) return true;
  return field.scalar === ScalarType.STRING && (form === Form.UNSPECIFIED || form === Form.ID);
}

function replace(message: WireMessage, { number }: DescField, content: Uint8Array): void {
  message.records = message.records.filter((record) => record.number !== number);
  message.records.push(wireRecord(number, 2, content));
}
