import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import { type Bytes, block, scalar, tag, text, varint } from '../unit/server/frame/wire-bytes.ts';

/** One kind of fault that a frame is refused for. */
export interface Refusal {
  readonly code: ErrorCode;
  /** How the error's message ends, or begins. */
  readonly words: RegExp;
  /** A frame that has this fault and no other. */
  readonly example: Bytes;
  /** What the generated decoder makes of it where it takes it; docs/frames.md lists these. Undefined: it never does. */
  readonly decoder: string | undefined;
}

/** Longest frame of the examples and of every fuzzed case, in bytes: `MAX_FRAME_BYTES` of the node that they are sent to. */
export const maxFrameBytes = 300_000;

const { FRAME_TOO_LARGE, INVALID_ARGUMENT, MALFORMED_FRAME, UNKNOWN_FRAME } = ErrorCode;
const id = scalar(1, 7);
const heartbeat = block(12);
const room = text(1, 'daily');
const many = (count: number, field: Bytes) => Array<Bytes>(count).fill(field);
const getRoom = (...parts: readonly Bytes[]) => [...id, ...block(22, ...parts)];
const joinRoom = (...parts: readonly Bytes[]) => [...id, ...block(20, ...parts)];
const relay = (...parts: readonly Bytes[]) => {
  const to = text(2, '3f2504e0-4f89-41d3-9a0c-0305e82c3301');
  return [...id, ...block(30, room, to, block(3, ...parts))];
};

/** Every kind of fault, by the words of docs/frames.md. */
export const refusals = {
  'a group': {
    code: MALFORMED_FRAME,
    words: /has a field of wire type [34]$/,
    example: [...id, ...heartbeat, ...tag(9, 3), ...tag(9, 4)],
    decoder: 'passes over it',
  },
  'wire type 6 or 7': {
    code: MALFORMED_FRAME,
    words: /has a field of wire type [67]$/,
    example: [...id, ...heartbeat, ...tag(9, 6)],
    decoder: undefined,
  },
  'field number 0': {
    code: MALFORMED_FRAME,
    words: /has a field of number 0$/,
    example: [...id, ...heartbeat, ...scalar(0, 1)],
    decoder: undefined,
  },
  'a wire type that the field does not have': {
    code: MALFORMED_FRAME,
    words: /has wire type \d, which its type does not have$/,
    example: getRoom([...tag(1, 0), 0]),
    decoder: 'reads it as the type of the field all the same',
  },
  'a varint past 32 bits': {
    code: MALFORMED_FRAME,
    words: /has a varint past 32 bits$/,
    example: [...tag(1, 0), ...varint(7, 6), ...heartbeat],
    decoder: 'drops the bits beyond',
  },
  'a varint past 64 bits': {
    code: MALFORMED_FRAME,
    words: /has a varint past 64 bits$/,
    example: [...id, ...heartbeat, ...scalar(9, 1n << 64n)],
    decoder: 'drops the bits beyond, of up to 10 bytes',
  },
  'a field twice': {
    code: MALFORMED_FRAME,
    words: /is set twice(, or beside another of its oneof)?$/,
    example: getRoom(room, text(1, 'weekly')),
    decoder: 'keeps the last, and merges messages',
  },
  'two members of a oneof': {
    code: MALFORMED_FRAME,
    words: /is set twice, or beside another of its oneof$/,
    example: [...id, ...heartbeat, ...block(21, room)],
    decoder: 'keeps the last',
  },
  'a field that ends past its message': {
    code: MALFORMED_FRAME,
    words: /is truncated$/,
    example: [...id, ...tag(22, 2), 2, ...text(1, 'H1')], // the room's id would be a field of the frame, too
    decoder: 'reads on from where the field ends, if the frame is long enough',
  },
  'text that is not UTF-8': {
    code: MALFORMED_FRAME,
    words: /is not UTF-8$/,
    example: relay(block(1, block(1, [0xff]))),
    decoder: undefined,
  },
  'more than 16 messages one in the other': {
    code: MALFORMED_FRAME,
    words: /is nested past 16 levels$/,
    example: [], // no frame of this schema goes so deep
    decoder: 'takes up to 100',
  },
  'no body that the server knows': {
    code: UNKNOWN_FRAME,
    words: /^frame has no body that this server knows/,
    example: [...id, ...block(999)],
    decoder: 'leaves the body unset',
  },
  'a frame past its size': {
    code: FRAME_TOO_LARGE,
    words: /^frame is \d+ bytes, the limit is \d+$/,
    example: [...heartbeat, ...block(900, Array<number>(maxFrameBytes).fill(0))],
    decoder: 'knows no limits',
  },
  'text or bytes past their limit': {
    code: INVALID_ARGUMENT,
    words: /is \d+ bytes, the limit is \d+$/,
    example: getRoom(text(1, 'x'.repeat(129))),
    decoder: 'knows no limits',
  },
  'a list or map with too many items': {
    code: INVALID_ARGUMENT,
    words: /holds more than \d+ items$/,
    example: relay(block(3, ...many(65, block(1)))),
    decoder: 'knows no limits',
  },
  'a map with too many bytes': {
    code: INVALID_ARGUMENT,
    words: /holds more than \d+ bytes of keys and values$/,
    example: joinRoom(block(4, text(1, 'k'), text(2, 'x'.repeat(16_384)))),
    decoder: 'knows no limits',
  },
  'too many unknown fields': {
    code: INVALID_ARGUMENT,
    words: /has an unknown field, more than the limit of 256$/,
    example: getRoom(room, ...many(257, scalar(9, 1))),
    decoder: 'keeps them all',
  },
  'text of another form': {
    code: INVALID_ARGUMENT,
    words: /is not an? (id|UUID|traceparent) of /,
    example: getRoom(text(1, 'a/b')),
    decoder: 'knows no forms',
  },
  'a required field that is missing': {
    code: INVALID_ARGUMENT,
    words: /is required$/,
    example: getRoom(),
    decoder: 'leaves it unset',
  },
} satisfies Record<string, Refusal>;

export type FaultKind = keyof typeof refusals;
export const faultKinds = Object.keys(refusals) as readonly FaultKind[];
