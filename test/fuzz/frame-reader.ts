import type { DescMessage } from '@bufbuild/protobuf';
import type { FrameResult } from '../../src/server/frame/client-frame.ts';
import { readClientFrame } from '../../src/server/frame/client-frame.ts';
import { type RelayView, readRelay } from '../../src/server/frame/relay.ts';
import { shapeOf } from '../../src/server/frame/shape.ts';
import { walk } from '../../src/server/frame/walk.ts';
import type { SignalError } from '../../src/shared/signal-error.ts';

/** What is tried: the server's reader of frames, or one that is broken on purpose. */
export interface FrameReader {
  readonly readClientFrame: (bytes: Uint8Array, maxFrameBytes: number) => FrameResult;
  readonly readRelay: (relay: Uint8Array) => RelayView;
  /** Walks bytes that are one message of any schema. */
  readonly walkMessage: (schema: DescMessage, bytes: Uint8Array) => SignalError | undefined;
}

interface FrameModules {
  readonly readClientFrame: typeof readClientFrame;
  readonly readRelay: typeof readRelay;
  readonly shapeOf: typeof shapeOf;
  readonly walk: typeof walk;
}

export function frameReader({ readClientFrame, readRelay, shapeOf, walk }: FrameModules): FrameReader {
  const walkMessage = (schema: DescMessage, bytes: Uint8Array) =>
    walk(shapeOf(schema), bytes, 0, bytes.length, 'message');
  return { readClientFrame, readRelay, walkMessage };
}

/** The reader as the server has it. */
export const realReader = frameReader({ readClientFrame, readRelay, shapeOf, walk });
