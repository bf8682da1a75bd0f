import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestServer, type TestServer } from '../protocol/test-server.ts';
import { launchChromium } from './chromium.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import { startPageServer } from './page-server.ts';
import type { PeerPage } from './pages/peer.ts';

let server: TestServer;
let pages: Awaited<ReturnType<typeof startPageServer>>;
let browser: Browser;

beforeAll(async () => {
  pages = await startPageServer();
  server = await startTestServer({
    env: { CLIENT_URL: new URL(pages.url).origin, RECONNECTION_WINDOW_MS: '5000' },
  });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await server.close();
  await pages.close();
});

/** A page in the room, whose socket goes through the proxy. */
async function openPeer(name: string, room: string, proxy: CuttingProxy): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  onTestFinished(() => page.context().close());
  const query = new URLSearchParams({
    ws: `ws://127.0.0.1:${proxy.port}/ws`,
    token: await server.token(name),
    room,
    name,
    with: 'call',
  });
  await page.goto(`${pages.url}/peer.html?${query}`);
  await page.waitForFunction(() => 'peerPage' in window && window.peerPage.joined);
  return page;
}

const read = <Name extends keyof PeerPage>(page: Page, name: Name): Promise<PeerPage[Name]> =>
  page.evaluate((field) => window.peerPage[field as Name], name as string);

/** The sign-ins so far that came back to their session. */
const returns = () =>
  server.logLines.filter(({ event, gen }) => event === 'ws.auth_success' && Number(gen) > 1);

test.each(['offer', 'answer', 'candidates'] as const)(
  'S5, P4: two pages connect although the sender and the receiver each lose their socket after %s',
  async (kind) => {
    const proxy = await startCuttingProxy(server.url, kind);
    onTestFinished(() => proxy.close());
    const before = returns().length;
    const room = `cut-after-${kind}`;
    const [ada, bo] = [await openPeer('ada', room, proxy), await openPeer('bo', room, proxy)];
    await expect.poll(() => read(ada, 'received'), { timeout: 20_000 }).toEqual(['hello from bo']);
    await expect.poll(() => read(bo, 'received'), { timeout: 20_000 }).toEqual(['hello from ada']);
    await expect.poll(() => proxy.cuts, { timeout: 10_000 }).toEqual([`up ${kind}`, `down ${kind}`]);
    const relays = [...(await read(ada, 'relays')), ...(await read(bo, 'relays'))].map(
      (relay) => relay.split(' ')[0],
    );
    // What was sent again has arrived once.
    expect(relays.filter((relayed) => relayed === 'offer')).toHaveLength(1);
    expect(relays.filter((relayed) => relayed === 'answer')).toHaveLength(1);
    for (const page of [ada, bo]) {
      const seen = await read(page, 'correlationIds');
      expect(new Set(seen).size).toBe(seen.length);
      expect(await read(page, 'errors')).toEqual([]);
    }
    // Between candidates: others have come after the cut.
    const delivered = () => proxy.passed.filter((step) => step === 'down candidates').length;
    await expect.poll(delivered, { timeout: 10_000 }).toBeGreaterThan(1);
    await expect.poll(() => returns().length, { timeout: 10_000 }).toBe(before + 2);
  },
);
