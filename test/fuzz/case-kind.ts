import { create, type DescMessage, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type ClientFrame, ClientFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { clientFrames } from './arbitrary-message.ts';
import { type MutationName, mutate, mutationNames } from './mutation.ts';
import { deepMessages, deepSchema, recordFrames } from './odd-frames.ts';
import { pickBy } from './pick.ts';

/** Bytes to be read as a message of a schema: mostly a `ClientFrame`. */
export interface FuzzCase {
  readonly schema: DescMessage;
  /** Its bytes. `nextId`: what a good frame has as its id, where it has one; else its own. */
  bytes(nextId?: number): Uint8Array;
}

/** One way to make cases. */
export interface CaseKind {
  readonly name: string;
  /** A good frame that was changed. */
  readonly isMutation: boolean;
  /** It is a `ClientFrame`, that a node can be sent. */
  readonly isFrame: boolean;
  /** How many of all cases are of this kind, in proportion. */
  readonly share: number;
  readonly cases: fc.Arbitrary<FuzzCase>;
}

const seedNumbers = fc.noBias(fc.array(fc.nat(0x7fff_ffff), { minLength: 24, maxLength: 24, size: 'max' }));

/** Every kind of case. More than half of them are mutations, and the rest is so that more than 30 % are accepted. */
export const caseKinds: readonly CaseKind[] = [
  {
    name: 'good frame',
    isMutation: false,
    isFrame: true,
    share: 34,
    cases: clientFrames.map((frame) => frameCase(frame)),
  },
  ...mutationNames.map((name) => ({
    name,
    isMutation: true,
    isFrame: true,
    share: 3.3,
    cases: mutated(name),
  })),
  {
    name: 'fields at random',
    isMutation: false,
    isFrame: true,
    share: 4,
    cases: recordFrames.map((bytes) => ({ schema: ClientFrameSchema, bytes: () => bytes })),
  },
  {
    name: 'bytes at random',
    isMutation: false,
    isFrame: true,
    share: 2,
    cases: fc.uint8Array({ maxLength: 200, size: 'max' }).map((bytes) => ({
      schema: ClientFrameSchema,
      bytes: () => bytes,
    })),
  },
  {
    name: 'deep message',
    isMutation: false,
    isFrame: false,
    share: 3,
    cases: deepMessages.map((bytes) => ({ schema: deepSchema, bytes: () => bytes })),
  },
];

/** The mutation, and at times another one with it. */
function mutated(name: MutationName): fc.Arbitrary<FuzzCase> {
  const others = fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constantFrom(...mutationNames).map((other) => [other]) },
  );
  return fc
    .record({ frame: clientFrames, others, numbers: seedNumbers })
    .map(({ frame, others, numbers }) =>
      frameCase(frame, (bytes) => mutate(bytes, [name, ...others], pickBy(numbers))),
    );
}

function frameCase(frame: ClientFrame, change = (bytes: Uint8Array) => bytes): FuzzCase {
  return {
    schema: ClientFrameSchema,
    bytes(nextId) {
      const id = nextId === undefined || frame.id === 0 ? frame.id : nextId;
      return change(toBinary(ClientFrameSchema, create(ClientFrameSchema, { ...frame, id })));
    },
  };
}
