import { once } from 'node:events';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { WebSocket } from 'ws';
import { ClientFrameSchema, type ServerFrame, ServerFrameSchema } from '../gen/parley/signal/v1/frame_pb.ts';
import { relayFrame } from './relay-frame.ts';

type FrameInit = MessageInitShape<typeof ClientFrameSchema>;

/** Parley's frames and nothing around them, so that the driver costs little. */
export class ParleyClient {
  readonly #socket: WebSocket;
  #id = 0;
  #acknowledged = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async signIn(url: string, token: string): Promise<ParleyClient> {
    const socket = new WebSocket(url, 'parley.v1.proto', { perMessageDeflate: false });
    await once(socket, 'open');
    const client = new ParleyClient(socket);
    await client.#ask({ body: { case: 'hello', value: { token } } }, ({ frame }) => frame.case === 'control');
    return client;
  }

  get unanswered(): number {
    return this.#id - this.#acknowledged;
  }

  async join(roomId: string, peerId: string): Promise<void> {
    const joinRoom = { case: 'joinRoom', value: { roomId, peerId } } as const;
    const reply = await this.#ask({ id: ++this.#id, body: joinRoom }, ({ frame }) => frame.case === 'reply');
    if (reply.frame.case !== 'reply' || reply.frame.value.result.case !== 'roomJoined')
      throw new Error('no join');
    this.#acknowledged = this.#id;
  }

  relay(roomId: string, to: string, sdp: string): void {
    this.#socket.send(relayFrame(++this.#id, roomId, to, sdp));
  }

  /** Gives every frame from now on to a listener, as it came. */
  take(listener: (frame: Buffer) => void): void {
    this.#socket.on('message', listener);
  }

  /** Reads how far requests are answered from a frame. Throws where one was refused. */
  noteAcknowledged(bytes: Buffer): void {
    const { frame } = fromBinary(ServerFrameSchema, bytes);
    if (frame.case === 'reply')
      throw new Error(`a relay was refused: ${JSON.stringify(frame.value.result.value)}`);
    if (frame.case !== 'control' || frame.value.body.case !== 'acknowledged') return;
    this.#acknowledged = frame.value.body.value.ackedThrough;
  }

  close(): void {
    this.#socket.terminate();
  }

  #send(frame: FrameInit): void {
    this.#socket.send(toBinary(ClientFrameSchema, create(ClientFrameSchema, frame)));
  }

  #ask(frame: FrameInit, isAnswer: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    return new Promise((resolve) => {
      const listen = (bytes: Buffer) => {
        const answer = fromBinary(ServerFrameSchema, bytes);
        if (!isAnswer(answer)) return;
        this.#socket.off('message', listen);
        resolve(answer);
      };
      this.#socket.on('message', listen);
      this.#send(frame);
    });
  }
}
