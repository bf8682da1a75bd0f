import { createRequire } from 'node:module';
import path from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import protobufjs from 'protobufjs';
import { ServerFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { expectNone } from './disagreement.ts';
import type { FrameWriter } from './frame-writer.ts';
import { type Meaning, meaningOf, meaningOfObject } from './meaning.ts';
import { type OutgoingCase, outgoingKinds } from './outgoing-frames.ts';

const { resolve } = createRequire(import.meta.url);
const protoFolder = path.resolve(import.meta.dirname, '../../proto');

/** `ServerFrame` as protobufjs knows it, from the schema's own files. */
function serverFrameType(): protobufjs.Type {
  const root = new protobufjs.Root();
  root.resolvePath = (_origin, target) =>
    target.startsWith('google/') ? resolve(`protobufjs/${target}`) : path.join(protoFolder, target);
  root.loadSync('parley/signal/v1/frame.proto', { keepCase: true });
  return root.lookupType('parley.signal.v1.ServerFrame');
}

export interface OutgoingRunOptions {
  readonly seed: number;
  /** How many cases, of all kinds together. */
  readonly cases: number;
  readonly shrink?: boolean;
}

/**
 * Tries the writers: what they are given, and what protobuf-es and protobufjs each make of their bytes, is the same. Returns
 * how many cases there were of each kind; throws `Disagreement`.
 */
export function runOutgoing(
  writer: FrameWriter,
  { seed, cases, shrink = true }: OutgoingRunOptions,
): Readonly<Record<string, number>> {
  const type = serverFrameType();
  const kinds = Object.entries(outgoingKinds);
  const numRuns = Math.ceil(cases / kinds.length);
  return Object.fromEntries(
    kinds.map(([kind, arbitrary]) => {
      let count = 0;
      const property = fc.property(arbitrary, (found) => {
        expectSameMeaning(type, found, found.frame(writer).bytes);
        count++;
      });
      const details = fc.check(property, { seed, numRuns, endOnFailure: !shrink });
      expectNone(details, kind, (found) => found.frame(writer).bytes);
      return [kind, count];
    }),
  );
}

function expectSameMeaning(type: protobufjs.Type, { wanted }: OutgoingCase, bytes: Uint8Array): void {
  const given = inWords(meaningOf(ServerFrameSchema, wanted));
  const decoded = inWords(meaningOf(ServerFrameSchema, fromBinary(ServerFrameSchema, bytes)));
  const decodedByOther = inWords(meaningOfObject(ServerFrameSchema, type.decode(bytes)));
  if (decoded !== given) throw new Error(`protobuf-es has ${decoded}, what was written is ${given}`);
  if (decodedByOther !== given)
    throw new Error(`protobufjs has ${decodedByOther}, what was written is ${given}`);
}

function inWords(meaning: Meaning): string {
  return JSON.stringify(meaning);
}
