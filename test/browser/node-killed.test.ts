import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Node, Nodes, portOf } from '../chaos/nodes/nodes.ts';
import { RedisServer } from '../redis/redis-server.ts';
import type { LogEntry } from '../server-process/server-process.ts';
import { launchChromium } from './chromium.ts';
import { startPageServer } from './page-server.ts';
import { connected, openPeerPage, readBothPages } from './peer-page.ts';
import { type Step, startRelayProxy } from './relay-proxy.ts';

const room = 'call';

let pages: Awaited<ReturnType<typeof startPageServer>>;
let browser: Browser;

beforeAll(async () => {
  pages = await startPageServer();
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await pages.close();
});

async function startNodes(onEntry: (entry: LogEntry) => void): Promise<readonly [Node, Nodes]> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const nodes = await Nodes.start({
    count: 3,
    rooms: [room],
    env: { REDIS_URL: redis.url, CLIENT_URL: new URL(pages.url).origin },
    onEntry,
    onLoss: () => undefined,
  });
  onTestFinished(() => nodes.stop());
  const [first] = nodes.running;
  if (first === undefined) throw new Error('there is no node');
  return [first, nodes];
}

test.each<Step>(['up offer', 'down offer', 'up answer'])(
  'S6, P4: two pages connect although their node is killed at the moment of the %s',
  async (fatal) => {
    const returned: (string | undefined)[] = [];
    const [first, nodes] = await startNodes(({ event, gen = 0, node }) => {
      if (event === 'ws.auth_success' && gen > 1) returned.push(node);
    });
    let killed: Promise<void> | undefined;
    const proxy = await startRelayProxy({
      // Both are at the first node, until it is killed.
      serverPort: () => portOf(nodes.running[0] ?? first),
      onRelay(step) {
        if (step === fatal) killed ??= nodes.kill(first);
        return false;
      },
    });
    onTestFinished(() => proxy.close());
    const open = async (name: string) => {
      const page = await openPeerPage(browser, {
        pages: pages.url,
        ws: `ws://127.0.0.1:${proxy.port}/ws`,
        token: await nodes.token(name),
        room,
        name,
        with: 'call',
      });
      onTestFinished(() => page.context().close());
      return page;
    };
    const [ada, bo] = [await open('ada'), await open('bo')];
    await expect.poll(() => readBothPages(ada, bo), { timeout: 30_000 }).toEqual(connected);
    expect(killed).toBeDefined();
    await killed;
    expect(returned).toEqual(['node-1', 'node-1']);
  },
);
