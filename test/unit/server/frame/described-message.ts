import {
  create,
  createFileRegistry,
  type DescMessage,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { LimitSchema, limit } from '../../../../gen/parley/options/v1/limits_pb.ts';

export const Type = FieldDescriptorProto_Type;

export interface DescribedField {
  readonly name: string;
  readonly type: FieldDescriptorProto_Type;
  /** By its order, unless said. */
  readonly number?: number;
  readonly repeated?: boolean;
  readonly limit?: MessageInitShape<typeof LimitSchema>;
}

/** A message of proto3 with these fields, for what the schema of the frames has no example of. A message field is of its own type. */
export function describedMessage(fields: readonly DescribedField[]): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: 'described.proto',
    syntax: 'proto3',
    messageType: [{ name: 'Described', field: fields.map(describedField) }],
  });
  const message = createFileRegistry(file, () => undefined).getMessage('Described');
  if (message === undefined) throw new Error('the described message is not in its registry');
  return message;
}

function describedField(
  field: DescribedField,
  index: number,
): MessageInitShape<typeof FieldDescriptorProtoSchema> {
  const options = create(FieldOptionsSchema);
  if (field.limit) setExtension(options, limit, create(LimitSchema, field.limit));
  return {
    name: field.name,
    jsonName: field.name,
    number: field.number ?? index + 1,
    type: field.type,
    label: field.repeated ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
    options,
    ...(field.type === Type.MESSAGE && { typeName: '.Described' }),
  };
}
