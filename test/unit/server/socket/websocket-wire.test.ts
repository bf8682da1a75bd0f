import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { fromBinary } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { codecFor } from '../../../../src/server/frame/codec.ts';
import { controlFrame } from '../../../../src/server/frame/server-frame.ts';
import { WebSocketWire } from '../../../../src/server/socket/websocket-wire.ts';
import { protoSubprotocol } from '../../../../src/shared/limits.ts';

/** A wire to a client that reads, over loopback, and the reasons to go away that the client has read. */
async function openWire() {
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
  const reasons: string[] = [];
  client.on('message', (data: Buffer) => {
    const { frame } = fromBinary(ServerFrameSchema, data);
    if (frame.case === 'control' && frame.value.body.case === 'goAway')
      reasons.push(frame.value.body.value.reason);
  });
  await once(client, 'open');
  return { wire, client, reasons };
}

function goAway(reason: string) {
  return controlFrame({ body: { case: 'goAway', value: { reason } } });
}

test.for([1_000, 70_000])(
  'X3: who waits for room hears of it also where the kernel takes %i bytes at once',
  async (bytes) => {
    const { wire } = await openWire();
    const drained = new Promise<void>((resolve) => wire.onDrain(resolve));
    wire.send(goAway('x'.repeat(bytes)));
    await drained;
  },
);

test('P3: what was sent before a close arrives before it, in order', async () => {
  const { wire, client, reasons } = await openWire();
  for (const reason of ['first', 'second', 'third']) wire.send(goAway(reason));
  wire.close(4_000, 'over');
  const [code] = (await once(client, 'close')) as [number];
  expect(code).toBe(4_000);
  expect(reasons).toEqual(['first', 'second', 'third']);
});

test('what is sent while the wires are written is written too', async () => {
  const [one, other] = [await openWire(), await openWire()];
  const written = once(other.client, 'message');
  one.wire.onDrain(() => other.wire.send(goAway('after it')));
  one.wire.send(goAway('first'));
  await written;
  expect(other.reasons).toEqual(['after it']);
});

test('X3: what waits to be written counts as what waits', async () => {
  const { wire } = await openWire();
  const frame = goAway('x'.repeat(1_000));
  wire.send(frame);
  wire.send(frame);
  expect(wire.bufferedBytes).toBe(2 * frame.message.length);
});
