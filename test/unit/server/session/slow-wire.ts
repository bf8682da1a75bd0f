import { fromBinary } from '@bufbuild/protobuf';
import { type ServerFrame, ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type { Wire } from '../../../../src/server/session/wire.ts';

/** A wire whose other side reads only when told to. */
export class SlowWire implements Wire {
  readonly frames: ServerFrame[] = [];
  bufferedBytes = 0;
  /** The most that ever waited. */
  mostBufferedBytes = 0;
  closedWith: number | undefined;
  #onDrain: () => void = () => undefined;

  send(frame: OutgoingFrame): void {
    this.frames.push(fromBinary(ServerFrameSchema, frame.bytes));
    this.bufferedBytes += frame.message.length;
    this.mostBufferedBytes = Math.max(this.mostBufferedBytes, this.bufferedBytes);
  }

  close(code: number): void {
    this.closedWith ??= code;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  /** The other side reads all that waits. */
  drain(): void {
    this.bufferedBytes = 0;
    this.#onDrain();
  }

  /** The offsets of the events that were sent. */
  get offsets(): number[] {
    return this.frames.flatMap(({ frame }) => (frame.case === 'event' ? [frame.value.offset] : []));
  }
}
