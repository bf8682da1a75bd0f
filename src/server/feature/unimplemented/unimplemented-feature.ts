import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import type { FrameKind } from '../../frame/client-frame.ts';
import type { Handler } from '../../session/handler.ts';

/** Kinds of frames whose feature is not in this server. */
const kinds = [
  'changeMode',
  'getRouterCapabilities',
  'createTransport',
  'connectTransport',
  'restartIce',
  'closeTransport',
  'produce',
  'pauseProducer',
  'resumeProducer',
  'closeProducer',
  'consume',
  'resumeConsumer',
  'pauseConsumer',
  'closeConsumer',
  'setPreferredLayers',
  'requestKeyFrame',
  'produceData',
  'closeDataProducer',
  'consumeData',
  'closeDataConsumer',
  'sendMessage',
  'editMessage',
  'deleteMessage',
  'markRead',
  'getHistory',
  'getUnread',
  'typing',
  'markNotificationRead',
  'getWaiting',
  'getPresence',
  'subscribePresence',
  'startCall',
  'acceptCall',
  'rejectCall',
  'cancelCall',
  'endCall',
  'activateModule',
  'deactivateModule',
  'sendModuleEvent',
  'requestModuleJoin',
] as const satisfies readonly FrameKind[];

const refuse: Handler = (_session, frame) =>
  Promise.reject(new SignalError(ErrorCode.UNIMPLEMENTED, `this server has no ${frame.kind} yet`));

/** Answers UNIMPLEMENTED. */
export const unimplementedHandlers = Object.fromEntries(kinds.map((kind) => [kind, refuse])) as Record<
  (typeof kinds)[number],
  Handler
>;
