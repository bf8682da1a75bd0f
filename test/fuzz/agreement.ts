import { type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { type ClientFrame, ClientFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { RelayBodySchema } from '../../gen/parley/signal/v1/relay_pb.ts';
import type { ClientFrameView } from '../../src/server/frame/client-frame.ts';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';
import type { FrameReader } from './frame-reader.ts';
import { frameFault, messageFault } from './plain-reader.ts';
import { type FaultKind, maxFrameBytes, type Refusal, refusals } from './refusals.ts';

/** What the reader and the generated decoder both make of a case. */
export interface Outcome {
  /** The error of the reader. Absent: it accepts. */
  readonly error?: SignalError;
  /** The listed kind of what the reader refuses and the decoder takes. */
  readonly stricter?: FaultKind;
}

/**
 * Tries a reader on bytes of a schema, `ClientFrame` or any other message. What it accepts has no fault, and the generated
 * decoder takes it as the same; what it refuses has a fault of the kind that its error speaks of, and where the decoder
 * takes it, that kind is on the list. Throws an Error that says where one of these does not hold.
 */
export function agree(reader: FrameReader, schema: DescMessage, bytes: Uint8Array): Outcome {
  return schema === ClientFrameSchema ? agreeOnFrame(reader, bytes) : agreeOnMessage(reader, schema, bytes);
}

function agreeOnFrame(reader: FrameReader, bytes: Uint8Array): Outcome {
  const result = reader.readClientFrame(received(bytes), maxFrameBytes);
  const message = decoded(ClientFrameSchema, bytes);
  const fault = frameFault(bytes, maxFrameBytes);
  if (result.ok) {
    expectNoFault(fault);
    if (message === undefined) throw new Error('the decoder does not take what the reader accepts');
    expectSame(reader, result.frame, message);
    return {};
  }
  if (message && hasId(result.error) && result.id !== message.id)
    throw new Error(`the error answers request ${result.id}, the decoder has ${message.id}`);
  return refused(result.error, fault, message && (() => runsPastBody(bytes)));
}

function agreeOnMessage(reader: FrameReader, schema: DescMessage, bytes: Uint8Array): Outcome {
  const error = reader.walkMessage(schema, received(bytes));
  const message = decoded(schema, bytes);
  const fault = messageFault(schema, bytes);
  if (error !== undefined) return refused(error, fault, message && (() => false));
  expectNoFault(fault);
  if (message === undefined) throw new Error('the decoder does not take what the walker accepts');
  return {};
}

/** The bytes as they come from a socket: somewhere in a larger block. */
function received(bytes: Uint8Array): Buffer {
  const block = Buffer.alloc(bytes.length + 16, 0xff);
  block.set(bytes, 7);
  return block.subarray(7, 7 + bytes.length);
}

function decoded<Schema extends DescMessage>(schema: Schema, bytes: Uint8Array) {
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}

function expectNoFault(fault: FaultKind | undefined): void {
  if (fault !== undefined) throw new Error(`the reader accepts ${fault}`);
}

/** Whether the error answers the request's id: what is malformed is not read to its end, what is too long not at all. */
function hasId({ code }: SignalError): boolean {
  return code !== ErrorCode.MALFORMED_FRAME && code !== ErrorCode.FRAME_TOO_LARGE;
}

/**
 * `runsPast`: given where the decoder takes the bytes; whether it does so because it ran past the end of a body, and then
 * read on behind what the reader refuses.
 */
function refused(error: SignalError, fault: FaultKind | undefined, runsPast?: () => boolean): Outcome {
  const said = `${error.codeName}: ${error.message}`;
  if (fault === undefined) throw new Error(`the reader refuses what has no fault, with ${said}`);
  const { code, words, ...listed }: Refusal = refusals[fault];
  if (error.code !== code || !words.test(error.message)) throw new Error(`${fault} is refused with ${said}`);
  if (!runsPast) return { error };
  if (listed.decoder !== undefined) return { error, stricter: fault };
  if (!runsPast()) throw new Error(`the decoder takes ${fault}, which is not on the list of what it takes`);
  return { error, stricter: 'a field that ends past its message' };
}

/** Whether the decoder needs more than the bytes of the frame's body to read it. */
function runsPastBody(frame: Uint8Array): boolean {
  const reader = new BinaryReader(frame);
  for (;;) {
    const [number, wire] = reader.tag();
    const field = ClientFrameSchema.fields.find((field) => field.number === number);
    if (field?.message) return decoded(field.message, reader.bytes()) === undefined;
    reader.skip(wire, number);
  }
}

function expectSame(reader: FrameReader, view: ClientFrameView, message: ClientFrame): void {
  const { id, traceparent, kind } = view;
  const seen = `${id} ${traceparent} ${kind}`;
  const decoded = `${message.id} ${message.traceparent} ${message.body.case ?? 'no body'}`;
  if (seen !== decoded) throw new Error(`the view has ${seen}, the decoder ${decoded}`);
  const schema: DescMessage | undefined = ClientFrameSchema.field[kind].message;
  if (!schema || !message.body.value) throw new Error(`no body ${kind}`);
  expectEqual(toBinary(schema, fromBinary(schema, view.body)), toBinary(schema, message.body.value), kind);
  const again = reader.readClientFrame(toBinary(ClientFrameSchema, message), 2 * maxFrameBytes); // it may be longer
  if (!again.ok) throw new Error(`what was decoded and encoded is refused: ${again.error.message}`);
  if (message.body.case === 'relay') expectSameRelay(reader, view.body, message.body.value);
}

type Relay = Extract<ClientFrame['body'], { case: 'relay' }>['value'];

function expectSameRelay(reader: FrameReader, bytes: Uint8Array, { roomId, to, body }: Relay): void {
  const kind = body?.kind.case;
  try {
    const view = reader.readRelay(bytes);
    const [seen, decoded] = [`${view.roomId} ${view.to} ${view.kind}`, `${roomId} ${to} ${String(kind)}`];
    if (seen !== decoded) throw new Error(`the view of the relay has ${seen}, the decoder ${decoded}`);
    const again = fromBinary(RelayBodySchema, view.body);
    expectEqual(toBinary(RelayBodySchema, again), toBinary(RelayBodySchema, body ?? again), 'relay.body');
  } catch (thrown) {
    const isWanted = thrown instanceof SignalError && thrown.code === ErrorCode.INVALID_ARGUMENT;
    if (!isWanted || kind !== undefined) throw thrown;
  }
}

function expectEqual(seen: Uint8Array, decoded: Uint8Array, what: string): void {
  if (Buffer.compare(seen, decoded) !== 0)
    throw new Error(`the bytes of ${what} are decoded to something else`);
}
