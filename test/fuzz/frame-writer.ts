import { eventBody } from '../../src/server/frame/event-body.ts';
import { relayEvent } from '../../src/server/frame/relay.ts';
import {
  acknowledgedFrame,
  controlFrame,
  eventFrame,
  publishedFrame,
  replyFrame,
} from '../../src/server/frame/server-frame.ts';

/** What is tried: how the server writes its frames, or writers of which one is broken on purpose. */
export interface FrameWriter {
  readonly eventBody: typeof eventBody;
  readonly relayEvent: typeof relayEvent;
  readonly eventFrame: typeof eventFrame;
  readonly publishedFrame: typeof publishedFrame;
  readonly replyFrame: typeof replyFrame;
  readonly controlFrame: typeof controlFrame;
  readonly acknowledgedFrame: typeof acknowledgedFrame;
}

export const realWriter: FrameWriter = {
  eventBody,
  relayEvent,
  eventFrame,
  publishedFrame,
  replyFrame,
  controlFrame,
  acknowledgedFrame,
};
