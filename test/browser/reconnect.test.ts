import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestServer, type TestServer } from '../protocol/test-server.ts';
import { launchChromium } from './chromium.ts';
import { startPageServer } from './page-server.ts';
import { connected, openPeerPage, readBothPages } from './peer-page.ts';
import { type Step, startRelayProxy } from './relay-proxy.ts';

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

/** A page in the room, whose socket goes through a port of its own. */
async function openPeer(name: string, room: string, port: number): Promise<Page> {
  const page = await openPeerPage(browser, {
    pages: pages.url,
    ws: `ws://127.0.0.1:${port}/ws`,
    token: await server.token(name),
    room,
    name,
    with: 'call',
  });
  onTestFinished(() => page.context().close());
  return page;
}

/** The sign-ins so far that came back to their session. */
const returns = () =>
  server.logLines.filter(({ event, gen }) => event === 'ws.auth_success' && Number(gen) > 1);

test.each(['offer', 'answer', 'candidates'] as const)(
  'S5, P4: two pages connect although the sender and the receiver each lose their socket after %s',
  async (kind) => {
    const passed: Step[] = [];
    const cuts: Step[] = [];
    const proxy = await startRelayProxy({
      serverPort: () => Number(new URL(server.url).port),
      onRelay(step) {
        passed.push(step);
        if (!step.endsWith(kind) || cuts.includes(step)) return false;
        cuts.push(step);
        return true;
      },
    });
    onTestFinished(() => proxy.close());
    const before = returns().length;
    const room = `cut-after-${kind}`;
    const [ada, bo] = [await openPeer('ada', room, proxy.port), await openPeer('bo', room, proxy.port)];
    await expect.poll(() => readBothPages(ada, bo), { timeout: 20_000 }).toEqual(connected);
    await expect.poll(() => cuts, { timeout: 10_000 }).toEqual([`up ${kind}`, `down ${kind}`]);
    // Between candidates: others have come after the cut.
    const delivered = () => passed.filter((step) => step === 'down candidates').length;
    await expect.poll(delivered, { timeout: 10_000 }).toBeGreaterThan(1);
    await expect.poll(() => returns().length, { timeout: 10_000 }).toBe(before + 2);
    expect(await readBothPages(ada, bo)).toEqual(connected);
  },
);
