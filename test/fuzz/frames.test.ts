import { expect, onTestFinished, test } from 'vitest';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';
import { type FrameReader, realReader } from './frame-reader.ts';
import { runFrames, runLiveFrames } from './frame-run.ts';
import { LiveNode } from './live-node.ts';
import { Tally } from './tally.ts';

/** Hundreds of cases take their time on a busy machine. */
const timeout = 60_000;
/** Others at each run; a failure names it. */
const seed = () => Date.now() % 2 ** 31;

test('X1: what passes of spoilt frames the decoder takes as the same, and what only the reader refuses is of a known kind', {
  timeout,
}, () => {
  const tally = new Tally();
  runFrames(realReader, { seed: seed(), cases: 3000, tally });
  expect(tally.shortfalls(3000)).toEqual([]);
});

test('a seed makes the same cases again', { timeout }, () => {
  const [first, second, other] = [1, 1, 2].map((seed) => {
    const tally = new Tally();
    runFrames(realReader, { seed, cases: 200, tally });
    return tally.kinds;
  });
  expect(second).toEqual(first);
  expect(other).not.toEqual(first);
});

async function startNode(reader: FrameReader): Promise<LiveNode> {
  const node = await LiveNode.start(reader);
  onTestFinished(() => node.close());
  return node;
}

test('X1: a node answers every frame as its reader has it, whatever was sent before, and others go on', {
  timeout,
}, async () => {
  const node = await startNode(realReader);
  const tally = new Tally();
  await runLiveFrames(realReader, node, { seed: seed(), cases: 500, tally });
  expect(tally.shortfalls(500)).toEqual([]);
  expect(node.counts.frames).toBe(tally.cases);
  expect(node.counts.connections).toBeGreaterThan(3);
});

test.for<[string, (error: SignalError, id: number) => { id: number; error: SignalError }]>([
  ['another code', ({ message }, id) => ({ id, error: new SignalError(ErrorCode.KICKED, message) })],
  ['other words', ({ code }, id) => ({ id, error: new SignalError(code, 'it is bad') })],
  ['another request', (error, id) => ({ id: id === 0 ? 1_000_000_000 : 0, error })],
])('a node that answers with %s is caught', { timeout }, async ([, change]) => {
  const node = await startNode({
    ...realReader,
    readClientFrame(bytes, maxFrameBytes) {
      const result = realReader.readClientFrame(bytes, maxFrameBytes);
      return result.ok ? result : { ok: false, ...change(result.error, result.id) };
    },
  });
  const options = { seed: seed(), cases: 100, tally: new Tally(), shrink: false };
  await expect(runLiveFrames(realReader, node, options)).rejects.toThrow('the node answers');
});

test('a run without enough cases, mutations or accepted frames is found short', () => {
  const tally = new Tally();
  const error = new SignalError(ErrorCode.MALFORMED_FRAME, '');
  for (let count = 0; count < 10; count++) tally.add('good frame', { error });
  expect(tally.shortfalls(11)).toEqual([
    '10 cases ran, 11 were wanted',
    '0 of 10 cases are mutations, half of them were wanted',
    '0 of 10 cases are accepted, 30 % were wanted',
  ]);
  for (let count = 0; count < 10; count++) tally.add('group', count < 6 ? {} : { error });
  expect(tally.shortfalls(20)).toEqual([]);
});
