import wrtc from '@roamhq/wrtc';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ParleyClient, type RTCPeerConnectionConstructor } from '../../src/client/index.ts';
import { startTestServer, type TestServer } from '../protocol/test-server.ts';
import { launchChromium } from './chromium.ts';
import { startPageServer } from './page-server.ts';
import { openPeerPage, type PeerVisit, readPeerPage } from './peer-page.ts';

let server: TestServer;
let pages: Awaited<ReturnType<typeof startPageServer>>;
let browser: Browser;

beforeAll(async () => {
  pages = await startPageServer();
  server = await startTestServer({ env: { CLIENT_URL: new URL(pages.url).origin } });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await pages.close();
});

async function openPeer(name: string, room: string, kind: PeerVisit['with']): Promise<Page> {
  const token = await server.token(name);
  return await openPeerPage(browser, { pages: pages.url, ws: server.wsUrl, token, room, name, with: kind });
}

test('P4: a Chromium page and a Node peer exchange messages over a data channel', async () => {
  const page = await openPeer('chromium', 'p4-node', 'call');
  const client = new ParleyClient({ url: server.wsUrl, token: await server.token('nora') });
  await client.connect();
  const room = await client.join('p4-node');
  const received: string[] = [];
  const RTCPeerConnection = wrtc.RTCPeerConnection as unknown as RTCPeerConnectionConstructor;
  const call = room.call({ RTCPeerConnection, dataChannels: [{ label: 'chat' }] });
  call.on('data_channel', ({ channel }) => {
    channel.addEventListener('message', (event) => received.push(String((event as { data: unknown }).data)));
    if (channel.readyState === 'open') channel.send('hello from node');
    else channel.addEventListener('open', () => channel.send('hello from node'));
  });
  await expect.poll(() => received, { timeout: 20_000 }).toEqual(['hello from chromium']);
  await expect.poll(() => readPeerPage(page, 'received'), { timeout: 20_000 }).toEqual(['hello from node']);
  expect(await readPeerPage(page, 'errors')).toEqual([]);
  call.close();
  await client.close();
  await page.context().close();
});

test('P4: two pages with the simple-peer package connect over signal', async () => {
  const ada = await openPeer('ada', 'p4-simple', 'simple-peer');
  const bo = await openPeer('bo', 'p4-simple', 'simple-peer');
  await expect.poll(() => readPeerPage(ada, 'received'), { timeout: 20_000 }).toEqual(['hello from bo']);
  await expect.poll(() => readPeerPage(bo, 'received'), { timeout: 20_000 }).toEqual(['hello from ada']);
  expect([...(await readPeerPage(ada, 'errors')), ...(await readPeerPage(bo, 'errors'))]).toEqual([]);
  await ada.context().close();
  await bo.context().close();
});

test('P1, P4: a page in another room sees nothing of it, and the log has each step by its correlation id', async () => {
  const stranger = await openPeer('stranger', 'p4-elsewhere', 'watch');
  const ada = await openPeer('ada', 'p4-log', 'call');
  const bo = await openPeer('bo', 'p4-log', 'call');
  await expect.poll(() => readPeerPage(bo, 'received'), { timeout: 20_000 }).toEqual(['hello from ada']);
  const seen = [
    ...(await readPeerPage(ada, 'correlationIds')),
    ...(await readPeerPage(bo, 'correlationIds')),
  ];
  const logged = new Map(server.logLines.map(({ event, correlationId }) => [correlationId, event]));
  const steps = new Set(seen.map((id) => logged.get(id)));
  expect(steps).toEqual(new Set(['relay.offer', 'relay.answer', 'relay.candidate']));
  expect(await readPeerPage(stranger, 'relays')).toEqual([]);
  for (const page of [stranger, ada, bo]) await page.context().close();
});
