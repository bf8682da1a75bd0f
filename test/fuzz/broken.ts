import { brokenReaders, brokenWriters } from './broken-list.ts';
import { hookBroken, importBroken } from './broken-source.ts';
import { Disagreement } from './disagreement.ts';
import { type FrameReader, frameReader } from './frame-reader.ts';
import { runFrames } from './frame-run.ts';
import type { FrameWriter } from './frame-writer.ts';
import { runOutgoing } from './outgoing-run.ts';
import { Tally } from './tally.ts';

const casesOfRound = 300;
const readerNames = Object.keys(brokenReaders);
export const brokenNames: readonly string[] = [...readerNames, ...Object.keys(brokenWriters)];

/** What a broken reader or writer was caught at. Undefined: it was not. */
export interface Catch {
  readonly name: string;
  readonly caught: string | undefined;
}

/** Loads what is broken and tries it on at most so many cases, in rounds that each have cases of every kind. */
export async function tryBroken(name: string, seed: number, cases: number): Promise<Catch> {
  hookOnce();
  const tryRound = readerNames.includes(name) ? await readerTrial(name) : await writerTrial(name);
  try {
    for (let round = 0; round * casesOfRound < cases; round++) tryRound(seed + round);
    return { name, caught: undefined };
  } catch (error) {
    if (!(error instanceof Disagreement)) throw error;
    return { name, caught: error.message };
  }
}

let isHooked = false;

function hookOnce(): void {
  if (!isHooked) hookBroken({ ...brokenReaders, ...brokenWriters });
  isHooked = true;
}

type Trial = (seed: number) => void;

async function readerTrial(name: string): Promise<Trial> {
  const reader = await importReader(name);
  return (seed) => runFrames(reader, { seed, cases: casesOfRound, tally: new Tally(), shrink: false });
}

async function importReader(name: string): Promise<FrameReader> {
  const modules = await importAll(['client-frame.ts', 'relay.ts', 'shape.ts', 'walk.ts'], name);
  return frameReader(modules as Parameters<typeof frameReader>[0]);
}

async function writerTrial(name: string): Promise<Trial> {
  const writer = (await importAll(['event-body.ts', 'relay.ts', 'server-frame.ts'], name)) as FrameWriter;
  return (seed) => runOutgoing(writer, { seed, cases: casesOfRound, shrink: false });
}

/** What the broken modules export, together. */
async function importAll(files: readonly string[], name: string): Promise<unknown> {
  const modules = await Promise.all(files.map((file) => importBroken(file, name)));
  return Object.fromEntries(modules.flatMap((module) => Object.entries(module as object)));
}
