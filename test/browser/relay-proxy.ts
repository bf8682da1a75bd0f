import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { fromBinary } from '@bufbuild/protobuf';
import { ClientFrameSchema, ServerFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { FrameReader } from './frame-reader.ts';

export type RelayKind = 'offer' | 'answer' | 'candidates' | 'signal';

/** `up`: to the server, by its sender; `down`: to its receiver. */
export type Direction = 'up' | 'down';

/** A relay that passes: `up offer`. */
export type Step = `${Direction} ${RelayKind}`;

export interface RelayProxyOptions {
  /** Where a server listens, on loopback; asked for each connection. */
  readonly serverPort: () => number;
  /** Called when a relay has passed. True: nothing passes behind it, and its connection is cut. */
  readonly onRelay: (step: Step) => boolean;
}

/** Stands between browsers and servers, over TCP, and sees what passes. */
export interface RelayProxy {
  readonly port: number;
  close(): Promise<void>;
}

export async function startRelayProxy({ serverPort, onRelay }: RelayProxyOptions): Promise<RelayProxy> {
  const open = new Set<Socket>();
  const server = createServer((browser) => {
    const upstream = connect(serverPort(), '127.0.0.1');
    const cut = () => {
      // What has passed arrives.
      upstream.end();
      browser.destroySoon();
    };
    let isCut = false;
    const forward = (from: Socket, to: Socket, direction: Direction) => {
      let passing: Step[] = [];
      const reader = new FrameReader((payload) => {
        const found = direction === 'up' ? relayUp(payload) : relayDown(payload);
        if (found !== undefined) passing.push(`${direction} ${found}`);
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
        const passed = passing;
        passing = [];
        isCut = passed.map(onRelay).includes(true);
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
