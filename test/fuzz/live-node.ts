import { randomUUID } from 'node:crypto';
import { RawClient } from '../protocol/raw-client.ts';
import { startTestServer, type TestServer } from '../protocol/test-server.ts';
import type { FrameReader } from './frame-reader.ts';
import { LiveConnection } from './live-connection.ts';
import { maxFrameBytes } from './refusals.ts';

const room = 'bystanders';

/** A node in this process whose clients behave, but for one. */
export class LiveNode {
  readonly #reader: FrameReader;
  readonly #server: TestServer;
  readonly #speaker: RawClient;
  readonly #listener: RawClient;
  readonly #listenerId: string;
  #connection: LiveConnection | undefined;
  #spoken = 0;
  #frames = 0;
  #connections = 0;

  private constructor(
    reader: FrameReader,
    server: TestServer,
    speaker: RawClient,
    listener: RawClient,
    listenerId: string,
  ) {
    this.#reader = reader;
    this.#server = server;
    this.#speaker = speaker;
    this.#listener = listener;
    this.#listenerId = listenerId;
  }

  /** `reader`: says what the node should make of a frame. */
  static async start(reader: FrameReader): Promise<LiveNode> {
    // Its cases come as fast as they are answered.
    const env = {
      MAX_FRAME_BYTES: String(maxFrameBytes),
      CONNECTION_RATE: '100000',
      CONNECTION_BURST: '100000',
      ROOM_RATE_BYTES: '100000000',
    };
    const server = await startTestServer({ env });
    const [speaker, listener] = [
      await RawClient.signIn(server.wsUrl, await server.token('alice')),
      await RawClient.signIn(server.wsUrl, await server.token('bob')),
    ];
    const listenerId = randomUUID();
    await speaker.join(room, randomUUID());
    await listener.join(room, listenerId);
    return new LiveNode(reader, server, speaker, listener, listenerId);
  }

  /** How many frames were sent, over how many connections. */
  get counts(): { readonly frames: number; readonly connections: number } {
    return { frames: this.#frames, connections: this.#connections };
  }

  /** The id that a frame should have to be answered by what it asks. */
  async nextId(): Promise<number> {
    return (await this.#useful()).nextId;
  }

  /** Sends a frame. Rejects where the answer is not what the reader has, or the connection or others do not go on. */
  async expectAnswer(bytes: Uint8Array): Promise<void> {
    const connection = await this.#useful();
    this.#frames++;
    try {
      await connection.expectAnswer(bytes);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Looks once more whether all is well, and ends the node. */
  async close(): Promise<void> {
    try {
      await this.#expectOthersGoOn();
    } finally {
      for (const client of [this.#connection, this.#speaker, this.#listener]) client?.close();
      await this.#server.close();
    }
  }

  async #useful(): Promise<LiveConnection> {
    if (this.#connection?.isUseful) return this.#connection;
    this.#connection?.close();
    await this.#expectOthersGoOn();
    const token = await this.#server.token('mallory');
    this.#connection = new LiveConnection(await RawClient.signIn(this.#server.wsUrl, token), this.#reader);
    this.#connections++;
    return this.#connection;
  }

  /** What one bystander says, the other hears, and nothing else; and nothing failed inside. */
  async #expectOthersGoOn(): Promise<void> {
    const nth = this.#spoken++;
    const kind = { case: 'offer', value: { sdp: `v=0 ${nth}`, negotiation: nth } } as const;
    const value = { roomId: room, to: this.#listenerId, body: { kind } };
    await this.#speaker.request({ case: 'relay', value });
    const heard = await this.#listener.event('relay', nth);
    const said = heard.body.value.body?.kind;
    if (said?.case !== 'offer' || said.value.negotiation !== nth)
      throw new Error(`bystanders hear another offer than number ${nth}`);
    const failures = this.#server.logLines.filter(({ event }) => String(event).endsWith('.failed'));
    if (failures.length > 0) throw new Error(`the node failed inside: ${JSON.stringify(failures[0])}`);
  }
}
