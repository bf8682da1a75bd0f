import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { codecFor } from '../../../../src/server/frame/codec.ts';
import { controlFrame } from '../../../../src/server/frame/server-frame.ts';
import { WebSocketWire } from '../../../../src/server/socket/websocket-wire.ts';
import { protoSubprotocol } from '../../../../src/shared/limits.ts';

/** A wire to a client that reads, over loopback. */
async function openWire(): Promise<WebSocketWire> {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const upgraded = once(http, 'upgrade');
  const client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, protoSubprotocol);
  const [request, socket, head] = (await upgraded) as [never, Duplex, Buffer];
  const codec = codecFor(protoSubprotocol);
  if (codec === undefined) throw new Error('no codec');
  const wire = await new Promise<WebSocketWire>((resolve) => {
    new WebSocketServer({ noServer: true }).handleUpgrade(request, socket, head, (webSocket) =>
      resolve(new WebSocketWire(webSocket, socket, codec)),
    );
  });
  onTestFinished(() => {
    client.terminate();
    http.close();
  });
  await once(client, 'open');
  return wire;
}

test.for([1_000, 70_000])(
  'X3: who waits for room hears of it also where the kernel takes %i bytes at once',
  async (bytes) => {
    const wire = await openWire();
    const drained = new Promise<void>((resolve) => wire.onDrain(resolve));
    wire.send(controlFrame({ body: { case: 'goAway', value: { reason: 'x'.repeat(bytes) } } }));
    await drained;
  },
);
