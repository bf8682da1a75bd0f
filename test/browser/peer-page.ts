import type { Browser, Page } from 'playwright-core';
import type { PeerPage } from './pages/peer.ts';

export interface PeerVisit {
  /** Where the pages of the tests are. */
  readonly pages: string;
  /** The server's WebSocket. */
  readonly ws: string;
  readonly token: string;
  readonly room: string;
  readonly name: string;
  readonly with: 'call' | 'simple-peer' | 'watch';
}

const joinTimeoutMs = 20_000;

/** Opens the page of `pages/peer.ts` in a profile of its own. Resolves when it has joined. */
export async function openPeerPage(browser: Browser, { pages, ...visit }: PeerVisit): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${pages}/peer.html?${new URLSearchParams(visit)}`);
  await page.waitForFunction(() => 'peerPage' in window && window.peerPage.joined, undefined, {
    timeout: joinTimeoutMs,
  });
  return page;
}

/** What the page has so far. */
export function readPeerPage<Name extends keyof PeerPage>(page: Page, name: Name): Promise<PeerPage[Name]> {
  return page.evaluate((field) => window.peerPage[field as Name], name as string);
}

/** What both pages must have seen in the end, whatever broke: each other's greeting, one offer and one answer, nothing twice, no error. */
export interface Connected {
  readonly received: readonly string[];
  readonly negotiation: readonly string[];
  readonly doubled: number;
  readonly errors: readonly string[];
}

/** Both pages together. */
export async function readBothPages(ada: Page, bo: Page): Promise<Connected> {
  const both = async <Name extends 'received' | 'relays' | 'errors'>(name: Name) => [
    ...(await readPeerPage(ada, name)),
    ...(await readPeerPage(bo, name)),
  ];
  const seen = await Promise.all([ada, bo].map((page) => readPeerPage(page, 'correlationIds')));
  return {
    received: await both('received'),
    negotiation: (await both('relays'))
      .map((relay) => relay.split(' ')[0] ?? '')
      .filter((kind) => kind === 'offer' || kind === 'answer')
      .sort(),
    doubled: seen.reduce((sum, ids) => sum + ids.length - new Set(ids).size, 0),
    errors: await both('errors'),
  };
}

/** As it should be where they are called ada and bo. */
export const connected: Connected = {
  received: ['hello from bo', 'hello from ada'],
  negotiation: ['answer', 'offer'],
  doubled: 0,
  errors: [],
};
