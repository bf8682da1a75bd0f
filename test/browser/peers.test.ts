import wrtc from '@roamhq/wrtc';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ParleyClient, type RTCPeerConnectionConstructor } from '../../src/client/index.ts';
import { startTestServer, type TestServer } from '../protocol/test-server.ts';
import { launchChromium } from './chromium.ts';
import { startPageServer } from './page-server.ts';
import type { PeerPage } from './pages/peer.ts';

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

async function openPeer(name: string, room: string, kind: 'call' | 'simple-peer' | 'watch'): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const query = new URLSearchParams({
    ws: server.wsUrl,
    token: await server.token(name),
    room,
    name,
    with: kind,
  });
  await page.goto(`${pages.url}/peer.html?${query}`);
  await page.waitForFunction(() => 'peerPage' in window && window.peerPage.joined, undefined, {
    timeout: 20_000,
  });
  return page;
}

const read = <Name extends keyof PeerPage>(page: Page, name: Name): Promise<PeerPage[Name]> =>
  page.evaluate((field) => window.peerPage[field as Name], name as string);

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
  await expect.poll(() => read(page, 'received'), { timeout: 20_000 }).toEqual(['hello from node']);
  expect(await read(page, 'errors')).toEqual([]);
  call.close();
  await client.close();
  await page.context().close();
});

test('P4: two pages with the simple-peer package connect over signal', async () => {
  const ada = await openPeer('ada', 'p4-simple', 'simple-peer');
  const bo = await openPeer('bo', 'p4-simple', 'simple-peer');
  await expect.poll(() => read(ada, 'received'), { timeout: 20_000 }).toEqual(['hello from bo']);
  await expect.poll(() => read(bo, 'received'), { timeout: 20_000 }).toEqual(['hello from ada']);
  expect([...(await read(ada, 'errors')), ...(await read(bo, 'errors'))]).toEqual([]);
  await ada.context().close();
  await bo.context().close();
});

test('P1, P4: a page in another room sees nothing of it, and the log has each step by its correlation id', async () => {
  const stranger = await openPeer('stranger', 'p4-elsewhere', 'watch');
  const ada = await openPeer('ada', 'p4-log', 'call');
  const bo = await openPeer('bo', 'p4-log', 'call');
  await expect.poll(() => read(bo, 'received'), { timeout: 20_000 }).toEqual(['hello from ada']);
  const seen = [...(await read(ada, 'correlationIds')), ...(await read(bo, 'correlationIds'))];
  const logged = new Map(server.logLines.map(({ event, correlationId }) => [correlationId, event]));
  const steps = new Set(seen.map((id) => logged.get(id)));
  expect(steps).toEqual(new Set(['relay.offer', 'relay.answer', 'relay.candidate']));
  expect(await read(stranger, 'relays')).toEqual([]);
  for (const page of [stranger, ada, bo]) await page.context().close();
});
