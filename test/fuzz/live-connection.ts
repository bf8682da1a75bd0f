import { setTimeout } from 'node:timers/promises';
import type { ClientFrameView, FrameResult } from '../../src/server/frame/client-frame.ts';
import { CloseCode } from '../../src/shared/close-codes.ts';
import { codeName, ErrorCode } from '../../src/shared/signal-error.ts';
import type { RawClient } from '../protocol/raw-client.ts';
import type { FrameReader } from './frame-reader.ts';
import { maxFrameBytes } from './refusals.ts';

/** How many broken frames a node takes of one connection; with the next it closes it. */
const mostBrokenFrames = 32;
/** What is longer is no frame any more: the connection is closed before it has come whole (RFC 6455, section 7.4.1). */
const cutOffBytes = 2 * maxFrameBytes;
const messageTooBig = 1009;
const closeWithinMs = 5_000;
const maxUint32 = 0xffff_ffff;
/** Past these a connection is of little use: few ids are left, or too many answers to look through. */
const highestUsefulId = 2 ** 31;
const mostAnswers = 1000;

interface Refusal {
  /** The request that it answers. 0: none. */
  readonly id: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What never comes of a frame that the reader accepts. */
const badCodes: readonly ErrorCode[] = [
  ErrorCode.INTERNAL,
  ErrorCode.MALFORMED_FRAME,
  ErrorCode.FRAME_TOO_LARGE,
  ErrorCode.UNKNOWN_FRAME,
];

/** A connection that sends anything, and knows how the node has to answer it. */
export class LiveConnection {
  readonly #client: RawClient;
  readonly #reader: FrameReader;
  #highestId = 0;
  #brokenFrames = 0;
  #isClosed = false;

  /** `client`: signed in, and nothing was asked by it yet. `reader`: says what the node should make of a frame. */
  constructor(client: RawClient, reader: FrameReader) {
    this.#client = client;
    this.#reader = reader;
  }

  get nextId(): number {
    return this.#highestId + 1;
  }

  /** Whether more frames can be sent. */
  get isUseful(): boolean {
    return !this.#isClosed && this.#highestId < highestUsefulId && this.#client.frames.length < mostAnswers;
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }

  /** Sends a frame. Rejects where the node does not answer it as the reader has it, or does not go on afterwards. */
  async expectAnswer(bytes: Uint8Array): Promise<void> {
    const read = this.#reader.readClientFrame(bytes, maxFrameBytes);
    if (bytes.length > cutOffBytes) {
      this.#client.sendRaw(bytes);
      await this.#expectClosed(messageTooBig);
      return;
    }
    const before = this.#client.frames.length;
    const wanted = this.#wanted(read);
    this.#client.sendRaw(bytes);
    if (this.#brokenFrames > mostBrokenFrames) await this.#expectClosed(CloseCode.PROTOCOL_VIOLATION);
    else if (wanted === 'handled' && read.ok && read.frame.kind === 'signOut')
      await this.#expectClosed(CloseCode.SIGNED_OUT);
    else await this.#settle();
    if (wanted === 'handled' && read.ok && read.frame.id !== 0) await this.#client.reply(read.frame.id);
    expectRefusals(this.#refusalsSince(before), wanted);
  }

  /** How the node has to refuse a frame; or it is handled, which may come to an error of its feature. */
  #wanted(read: FrameResult): Refusal | 'handled' {
    if (read.ok) return this.#wantedOfGood(read.frame);
    this.#brokenFrames++;
    const { code, message } = read.error;
    return this.#begin(read.id) ?? { id: read.id, code, message };
  }

  #wantedOfGood({ id, kind }: ClientFrameView): Refusal | 'handled' {
    if (id !== 0) return this.#begin(id) ?? 'handled';
    if (kind === 'heartbeat' || kind === 'typing') return 'handled';
    return { id, code: ErrorCode.INVALID_ARGUMENT, message: `a ${kind} frame needs an id other than 0` };
  }

  #begin(id: number): Refusal | undefined {
    const code = ErrorCode.INVALID_ARGUMENT;
    if (id === 0) return undefined;
    if (id <= this.#highestId) {
      const message = `request id ${id} is not higher than the last one, ${this.#highestId}`;
      return { id, code, message };
    }
    if (id === maxUint32)
      return { id, code, message: `request id ${id} is too high, the limit is ${maxUint32 - 1}` };
    this.#highestId = id;
    return undefined;
  }

  /** Waits for the answer to a request that follows: what was refused has been by then. */
  async #settle(): Promise<void> {
    const id = this.#highestId + 1;
    this.#client.send({ id, body: { case: 'heartbeat', value: {} } });
    await this.#client.reply(id);
    this.#highestId = Math.min(id, maxUint32 - 1);
  }

  async #expectClosed(wanted: number): Promise<void> {
    const timer = new AbortController();
    const late = setTimeout(closeWithinMs, undefined, { signal: timer.signal }).catch(() => undefined);
    const closed = await Promise.race([this.#client.closed, late]);
    timer.abort();
    if (closed === undefined) throw new Error(`the node does not close with ${wanted}`);
    const { code, reason } = closed;
    this.#isClosed = true;
    if (code !== wanted) throw new Error(`the node closed with ${code} ${reason}, not with ${wanted}`);
  }

  #refusalsSince(before: number): readonly Refusal[] {
    return this.#client.frames.slice(before).flatMap(({ frame }) => {
      if (frame.case === 'reply' && frame.value.result.case === 'error')
        return [{ ...refusalOf(frame.value.result.value), id: frame.value.replyTo }];
      if (frame.case !== 'control' || frame.value.body.case !== 'error') return [];
      return [{ ...refusalOf(frame.value.body.value), id: 0 }];
    });
  }
}

function refusalOf({ code, message }: { readonly code: ErrorCode; readonly message: string }) {
  return { code, message };
}

function expectRefusals(got: readonly Refusal[], wanted: Refusal | 'handled'): void {
  const words = got.map(inWords).join(', ') || 'nothing';
  if (wanted === 'handled') {
    if (got.length > 1 || got.some(({ code }) => badCodes.includes(code)))
      throw new Error(`the node refuses a good frame: ${words}`);
  } else if (words !== inWords(wanted)) {
    throw new Error(`the node answers ${words}, the reader has ${inWords(wanted)}`);
  }
}

function inWords({ id, code, message }: Refusal): string {
  return `${id}: ${codeName(code)}: ${message}`;
}
