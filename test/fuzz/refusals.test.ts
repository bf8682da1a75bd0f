import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ClientFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { codeName } from '../../src/shared/signal-error.ts';
import { repository } from '../unit/project/repository.ts';
import { type Bytes, block } from '../unit/server/frame/wire-bytes.ts';
import { agree } from './agreement.ts';
import { realReader } from './frame-reader.ts';
import { deepSchema } from './odd-frames.ts';
import { type FaultKind, faultKinds, maxFrameBytes, type Refusal, refusals } from './refusals.ts';

const document = readFileSync(path.join(repository, 'docs/frames.md'), 'utf8');
const tooDeep: FaultKind = 'more than 16 messages one in the other';
const listed = faultKinds.filter((kind) => refusals[kind].decoder !== undefined);

/** Bytes in hexadecimal, what comes again and again as `(0a 00)×65`. */
function inHex(bytes: Bytes): string {
  const all = bytes.map((byte) => `${byte.toString(16).padStart(2, '0')} `).join('');
  return all
    .replace(
      /((?:.. ){1,2}?)\1{7,}/g,
      (run: string, part: string) => `(${part.trim()})×${run.length / part.length} `,
    )
    .trim();
}

function refusalOf(example: Bytes): string {
  const result = realReader.readClientFrame(Uint8Array.from(example), maxFrameBytes);
  if (result.ok) throw new Error('the example is accepted');
  return `${result.error.codeName}: ${result.error.message}`;
}

test('the document lists what the server refuses and the decoder takes, each with an example and its error', () => {
  const rows = document
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .slice(2, -2)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .slice(2);
  const wanted = listed.map((kind) => {
    const { example, decoder = '' }: Refusal = refusals[kind];
    if (kind === tooDeep)
      return [kind, 'none: no frame goes so deep', 'MALFORMED_FRAME: … is nested past 16 levels', decoder];
    return [kind, `\`${inHex(example)}\``, refusalOf(example), decoder].map(String);
  });
  expect(rows).toEqual(wanted);
});

test.for(faultKinds.filter((kind) => kind !== tooDeep))('%s is refused with its typed error', (kind) => {
  const { example, code, words, decoder }: Refusal = refusals[kind];
  expect(refusalOf(example)).toMatch(new RegExp(`^${codeName(code)}: `));
  expect(refusalOf(example).replace(/^[A-Z_]+: /, '')).toMatch(words);
  const bytes = Uint8Array.from(example);
  const { stricter } = agree(realReader, ClientFrameSchema, bytes);
  expect(stricter).toBe(decoder === undefined ? undefined : kind);
  if (decoder === undefined) expect(() => fromBinary(ClientFrameSchema, bytes)).toThrow();
});

test('messages that go too deep are refused with their typed error', () => {
  const nested = (levels: number): Bytes => (levels === 1 ? [] : block(1, nested(levels - 1)));
  expect(agree(realReader, deepSchema, Uint8Array.from(nested(16)))).toEqual({});
  const { error, stricter } = agree(realReader, deepSchema, Uint8Array.from(nested(17)));
  expect(stricter).toBe(tooDeep);
  expect(error?.message).toMatch(/ is nested past 16 levels$/);
});
