import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { jsonCodec } from '../../../../src/server/frame/codec.ts';
import { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import { controlFrame } from '../../../../src/server/frame/server-frame.ts';

/** The messages in bytes that a server writes to an upgraded socket, as a client of `ws` reads them. */
async function parsed(bytes: Uint8Array): Promise<{ readonly data: Buffer; readonly isBinary: boolean }[]> {
  const endpoint = new WebSocketServer({ noServer: true });
  const server = createServer().on('upgrade', (request, socket, head) => {
    endpoint.handleUpgrade(request, socket, head, (opened) => {
      socket.write(bytes);
      opened.close();
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const messages: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
  client.on('message', (data: Buffer, isBinary: boolean) => messages.push({ data, isBinary }));
  const [code] = (await once(client, 'close')) as [number];
  await new Promise((resolve) => server.close(resolve));
  expect(code).toBe(1005);
  return messages;
}

function textOf(frame: OutgoingFrame): Buffer {
  return frame.textMessage((bytes) => jsonCodec.toText?.(bytes) ?? '');
}

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 1_048_576])(
  'a frame of %d bytes is one binary message',
  async (length) => {
    const content = Buffer.alloc(length, 'frame');
    const { message } = OutgoingFrame.of(content);
    expect(await parsed(message)).toEqual([{ data: content, isBinary: true }]);
  },
);

test('a frame is one message of text where the subprotocol is JSON, of as many bytes as the text has', async () => {
  const frame = controlFrame({ body: { case: 'goAway', value: { reason: 'ü'.repeat(100) } } });
  const [message] = await parsed(textOf(frame));
  expect(message?.isBinary).toBe(false);
  expect(message?.data.toString()).toBe(`{"control":{"goAway":{"reason":"${'ü'.repeat(100)}"}}}`);
});

test('the text of a frame is made once for all who receive it, and both forms stand beside each other', async () => {
  const frame = controlFrame({ body: { case: 'goAway', value: { reason: 'deploy' } } });
  const text = textOf(frame);
  expect(textOf(frame)).toBe(text);
  expect(await parsed(Buffer.concat([frame.message, text, frame.message]))).toHaveLength(3);
});
