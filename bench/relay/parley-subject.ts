import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ServerFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { TokenIssuer } from '../../src/process/token-issuer.ts';
import { type ServerProcess, startServerProcess } from '../server-process.ts';
import { messageBytes } from './message.ts';
import { ParleyClient } from './parley-client.ts';
import type { Pair, RunningSubject, Subject } from './subject.ts';

const secret = 'a secret of the bench, at least 32 bytes long';
const maxPairs = 1_000;

/** Parley as `npm start` runs it in production, with everything on. */
export const parley: Subject = {
  name: 'parley',
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'parley-bench-'));
    const directoryFile = join(folder, 'directory.json');
    const rooms = Object.fromEntries(Array.from({ length: maxPairs }, (_, index) => [roomOf(index), {}]));
    await writeFile(directoryFile, JSON.stringify({ rooms }));
    const process = await startServerProcess(['--enable-source-maps', 'dist/src/start.js'], {
      NODE_ENV: 'production',
      JWT_SECRET: secret,
      DIRECTORY_FILE: directoryFile,
      DATA_DIR: folder,
    });
    return new RunningParley(process, folder);
  },
};

class RunningParley implements RunningSubject {
  readonly process: ServerProcess;
  readonly #issuer = new TokenIssuer({ secret });
  /** The newest event of each pair's receiver. */
  readonly #newest: Buffer[] = [];

  constructor(process: ServerProcess, folder: string) {
    this.process = {
      ...process,
      async stop() {
        await process.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  }

  async connect(index: number, received: (bytes: Buffer) => void): Promise<Pair> {
    const [sender, receiver] = [
      await this.#signIn(`sender-${index}`),
      await this.#signIn(`receiver-${index}`),
    ];
    const to = randomUUID();
    await sender.join(roomOf(index), randomUUID());
    await receiver.join(roomOf(index), to);
    receiver.take((frame) => {
      if (frame.length < messageBytes) return;
      this.#newest[index] = frame;
      received(frame);
    });
    sender.take((frame) => sender.noteAcknowledged(frame));
    return {
      send: (sdp) => sender.relay(roomOf(index), to, sdp),
      get unanswered() {
        return sender.unanswered;
      },
      close() {
        sender.close();
        receiver.close();
      },
    };
  }

  /** Each room's log has one entry for each of two joins and of the relays. */
  audit(relayed: number): Promise<void> {
    let entries = 0;
    for (const frame of this.#newest) {
      const { frame: event } = fromBinary(ServerFrameSchema, frame);
      if (event.case === 'event') entries += event.value.offset - 2;
    }
    if (entries !== relayed) throw new Error(`the logs have ${entries} entries for ${relayed} relays`);
    return Promise.resolve();
  }

  async #signIn(userId: string): Promise<ParleyClient> {
    const token = await this.#issuer.sessionToken({ userId, expiresInS: 3600 });
    return ParleyClient.signIn(`${this.process.url.replace('http', 'ws')}/ws`, token);
  }
}

function roomOf(index: number): string {
  return `pair-${index}`;
}
