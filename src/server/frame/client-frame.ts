import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import { Form } from '../../../gen/parley/options/v1/limits_pb.ts';
import { type ClientFrame, ClientFrameSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { fitsForm, formName } from './form.ts';
import { type FieldShape, shapeOf } from './shape.ts';
import { asciiText } from './text.ts';
import { walk } from './walk.ts';
import { WireReader } from './wire-reader.ts';

/** Which body a frame has: `joinRoom`, `relay`. */
export type FrameKind = NonNullable<ClientFrame['body']['case']>;

/** The message that is the body of a frame of a kind. */
export type BodyOf<Kind extends FrameKind> = Extract<ClientFrame['body'], { case: Kind }>['value'];

/** A frame that was found good and is not decoded. */
export interface ClientFrameView {
  /** 0: no answer is wanted. */
  readonly id: number;
  /** Empty when there is none. */
  readonly traceparent: string;
  readonly kind: FrameKind;
  /** The body's bytes, not copied: they hold as long as those of the frame do. */
  readonly body: Uint8Array;
}

export type FrameResult =
  | { readonly ok: true; readonly frame: ClientFrameView }
  /** `id`: the request that the error answers. 0: it could not be read. */
  | { readonly ok: false; readonly id: number; readonly error: SignalError };

const { fields } = shapeOf(ClientFrameSchema);
const idNumber = ClientFrameSchema.field.id.number;
const traceparentNumber = ClientFrameSchema.field.traceparent.number;
const noBytes = new Uint8Array(0);

/**
 * Reads a frame and checks all of it. Never throws. The error is FRAME_TOO_LARGE, MALFORMED_FRAME, UNKNOWN_FRAME for one
 * without a body that this server knows, or INVALID_ARGUMENT where a field is past its limit, of another form, or missing.
 */
export function readClientFrame(bytes: Uint8Array, maxFrameBytes: number): FrameResult {
  if (bytes.length > maxFrameBytes) {
    return refused(
      0,
      ErrorCode.FRAME_TOO_LARGE,
      `frame is ${bytes.length} bytes, the limit is ${maxFrameBytes}`,
    );
  }
  const good = envelope.readAll(bytes) >= 0;
  const { id, body, bodyStart, bodyEnd, traceStart, traceEnd } = envelope;
  if (!good) return refused(id, ErrorCode.MALFORMED_FRAME, `${envelope.place} ${envelope.fault}`);
  if (body?.message === undefined) return refused(id, ErrorCode.UNKNOWN_FRAME, envelope.noBody());
  const traced = traceEnd > traceStart;
  if (traced && !fitsForm(Form.TRACEPARENT, bytes, traceStart, traceEnd)) {
    return refused(id, ErrorCode.INVALID_ARGUMENT, `traceparent is not ${formName(Form.TRACEPARENT)}`);
  }
  const error = walk(body.message, bytes, bodyStart, bodyEnd, body.name);
  if (error !== undefined) return { ok: false, id, error };
  const traceparent = traced ? asciiText(bytes, traceStart, traceEnd) : '';
  const kind = body.localName as FrameKind;
  return { ok: true, frame: { id, traceparent, kind, body: bytes.subarray(bodyStart, bodyEnd) } };
}

/** The id of a frame, without a look at its body. 0: it has none, or none that can be read. */
export function readRequestId(bytes: Uint8Array): number {
  envelope.readAll(bytes);
  return envelope.id;
}

/** A kind as the schema names it: `join_room`. */
export function frameName(kind: FrameKind): string {
  return ClientFrameSchema.field[kind].name;
}

/** The body of a frame that `readClientFrame` gave, in full. Throws INTERNAL when the frame is of another kind. */
export function decodeBody<Kind extends FrameKind>(frame: ClientFrameView, kind: Kind): BodyOf<Kind> {
  const schema: DescMessage | undefined = ClientFrameSchema.field[kind].message;
  if (frame.kind !== kind || schema === undefined) {
    throw new SignalError(ErrorCode.INTERNAL, `frame has the body ${frame.kind}, not ${kind}`);
  }
  return fromBinary(schema, frame.body) as BodyOf<Kind>;
}

function refused(id: number, code: ErrorCode, message: string): FrameResult {
  return { ok: false, id, error: new SignalError(code, message) };
}

/** Reads the fields of the frame itself, and of the long ones only where they lie. */
class EnvelopeReader extends WireReader {
  id = 0;
  body: FieldShape | undefined;
  bodyStart = 0;
  bodyEnd = 0;
  traceStart = 0;
  traceEnd = 0;
  /** What `fault` speaks of. */
  place = 'frame';
  private unknownNumber = 0;

  readAll(bytes: Uint8Array): number {
    this.bytes = bytes;
    this.pos = 0;
    this.end = bytes.length;
    this.id = 0;
    this.body = undefined;
    this.traceStart = 0;
    this.traceEnd = 0;
    this.unknownNumber = 0;
    const result = this.fields();
    this.bytes = noBytes; // so that the frame's bytes can be collected
    return result;
  }

  private fields(): number {
    let seen = 0;
    while (this.pos < this.end) {
      this.place = 'frame';
      const tag = this.tag();
      if (tag < 0) return -1;
      const number = tag >>> 3;
      const field = number < fields.length ? fields[number] : undefined;
      if (field === undefined) {
        this.unknownNumber = number;
        if (this.skip(tag & 7) < 0) return -1;
        continue;
      }
      this.place = field.name;
      if ((seen & field.bit) !== 0) return this.again(number);
      seen |= field.bit;
      if ((tag & 7) !== field.wire)
        return this.fail(`has wire type ${tag & 7}, which its type does not have`);
      if ((number === idNumber ? this.readId() : this.locate(field)) < 0) return -1;
    }
    return 0;
  }

  private readId(): number {
    const id = this.uint32();
    if (id > 0) this.id = id;
    return id;
  }

  private locate(field: FieldShape): number {
    const length = this.length();
    if (length < 0) return -1;
    const start = this.pos;
    this.pos += length;
    if (field.number === traceparentNumber) {
      this.traceStart = start;
      this.traceEnd = this.pos;
    } else {
      this.body = field;
      this.bodyStart = start;
      this.bodyEnd = this.pos;
    }
    return length;
  }

  /** With two ids, none is the request's. */
  private again(number: number): number {
    if (number === idNumber) this.id = 0;
    return this.fail('is set twice, or beside another of its oneof');
  }

  noBody(): string {
    const message = 'frame has no body that this server knows';
    return this.unknownNumber === 0 ? message : `${message}: it has field ${this.unknownNumber}`;
  }
}

const envelope = new EnvelopeReader(noBytes);
