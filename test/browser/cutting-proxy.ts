import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fromBinary } from '@bufbuild/protobuf';
import { ClientFrameSchema, ServerFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { FrameReader } from './frame-reader.ts';

export type RelayKind = 'offer' | 'answer' | 'candidates' | 'signal';

/** `up`: to the server, by its sender; `down`: to its receiver. */
export type Direction = 'up' | 'down';

/** Stands between browsers and a server, over TCP, and cuts a connection when something has passed on it. */
export interface CuttingProxy {
  readonly port: number;
  /** Each relay that passed, in order: `up offer`. */
  readonly passed: readonly string[];
  /** After which relays connections were cut. */
  readonly cuts: readonly string[];
  close(): Promise<void>;
}

/** Cuts the connection that a first relay of this kind passes on, in each direction one. */
export async function startCuttingProxy(target: string, kind: RelayKind): Promise<CuttingProxy> {
  const { port: targetPort } = new URL(target);
  const passed: string[] = [];
  const cuts: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((browser) => {
    const upstream = connect(Number(targetPort), '127.0.0.1');
    const cut = () => {
      // What has passed arrives.
      upstream.end();
      browser.destroySoon();
    };
    let isCut = false;
    const forward = (from: Socket, to: Socket, direction: Direction) => {
      const reader = new FrameReader((payload) => {
        const found = direction === 'up' ? relayUp(payload) : relayDown(payload);
        if (found === undefined) return;
        const step = `${direction} ${found}`;
        passed.push(step);
        if (found !== kind || cuts.includes(step)) return;
        cuts.push(step);
        isCut = true;
      });
      open.add(from);
      from.on('error', () => undefined);
      from.once('close', () => {
        open.delete(from);
        to.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        if (isCut) return;
        reader.read(chunk);
        to.write(chunk, () => {
          if (isCut) cut();
        });
      });
    };
    forward(browser, upstream, 'up');
    forward(upstream, browser, 'down');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    passed,
    cuts,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function relayUp(payload: Buffer): RelayKind | undefined {
  const { body } = fromBinary(ClientFrameSchema, payload);
  return body.case === 'relay' ? body.value.body?.kind.case : undefined;
}

function relayDown(payload: Buffer): RelayKind | undefined {
  const { frame } = fromBinary(ServerFrameSchema, payload);
  if (frame.case !== 'event' || frame.value.body.case !== 'relay') return undefined;
  return frame.value.body.value.body?.kind.case;
}
