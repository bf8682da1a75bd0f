import { fromBinary, fromJson, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import { isFieldError } from '@bufbuild/protobuf/reflect';
import { ClientFrameSchema, ServerFrameSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { jsonSubprotocol, protoSubprotocol } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

/** How frames stand on the wire of a subprotocol. Inside the server they are binary. */
export interface Codec {
  readonly subprotocol: string;
  /** Whether a frame is a binary message of the WebSocket, or one of text. */
  readonly binary: boolean;
  /** A client's message as a binary `ClientFrame`, not checked yet. Throws MALFORMED_FRAME for what is no form of one. */
  toFrameBytes(data: Uint8Array): Uint8Array;
  /** The id of the request in a message that `toFrameBytes` refused, so that the error can answer it. 0: not readable. */
  refusedId(data: Uint8Array): number;
  /** An encoded `ServerFrame` as text. Undefined: it goes out in binary, as it is. */
  readonly toText?: (frame: Uint8Array) => string;
}

export const protoCodec: Codec = {
  subprotocol: protoSubprotocol,
  binary: true,
  toFrameBytes: (data) => data,
  refusedId: () => 0,
};

const utf8 = new TextDecoder('utf-8', { fatal: true });
const readOptions = { ignoreUnknownFields: true };

export const jsonCodec: Codec = {
  subprotocol: jsonSubprotocol,
  binary: false,
  toFrameBytes(data) {
    try {
      return toBinary(ClientFrameSchema, fromJsonString(ClientFrameSchema, utf8.decode(data), readOptions));
    } catch (thrown) {
      throw malformed(thrown);
    }
  },
  refusedId(data) {
    try {
      const frame: unknown = JSON.parse(utf8.decode(data));
      if (typeof frame !== 'object' || frame === null || !('id' in frame)) return 0;
      return fromJson(ClientFrameSchema, { id: frame.id as string | number }).id;
    } catch {
      return 0;
    }
  },
  toText: (bytes) => toJsonString(ServerFrameSchema, fromBinary(ServerFrameSchema, bytes)),
};

/** The codec of a subprotocol. Undefined: there is none of this name. */
export function codecFor(subprotocol: string): Codec | undefined {
  if (subprotocol === protoCodec.subprotocol) return protoCodec;
  return subprotocol === jsonCodec.subprotocol ? jsonCodec : undefined;
}

/** Names the field at most and keeps nothing of what was thrown: that quotes the client's own text. */
function malformed(thrown: unknown): SignalError {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const where = isFieldError(cause) ? `: ${String(cause.field())} does not fit` : '';
  return new SignalError(ErrorCode.MALFORMED_FRAME, `frame is not a ClientFrame in JSON${where}`);
}
