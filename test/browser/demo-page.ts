import type { Page } from 'playwright-core';
import type { DebuggingAid } from '../../src/web/demo/model/debugging-aid.ts';

declare global {
  interface Window {
    parleyDemo?: DebuggingAid | undefined;
  }
}

export interface Visitor {
  readonly room: string;
  readonly name: string;
  readonly token?: string;
}

/** Opens the lobby with its fields filled in. Resolves when the devices have been asked for. */
export async function openLobby(page: Page, url: string, visitor: Visitor): Promise<void> {
  await page.goto(`${url}/?${new URLSearchParams({ ...visitor }).toString()}`);
  const cameraButton = page.getByRole('button', { name: /Stop camera|Start camera/ });
  await cameraButton.and(page.locator('[aria-disabled=false]')).waitFor();
}

/** Resolves when the room is there. */
export async function enterRoom(page: Page, url: string, visitor: Visitor): Promise<void> {
  await openLobby(page, url, visitor);
  await page.getByRole('button', { name: 'Enter room' }).click();
  await page.getByTestId('own-tile').waitFor();
}

/** What the page plays of its one other peer. */
export interface Playing {
  readonly framesDecoded: number;
  readonly currentTime: number;
  /** The candidate pair that media goes over, as `host/host udp`. */
  readonly pair: string;
  /** The mean colour of the picture. */
  readonly rgb: readonly number[];
}

export function readPlaying(page: Page): Promise<Playing> {
  return page.evaluate(async () => {
    const [peer] = window.parleyDemo?.call.peers.values() ?? [];
    const video = document.querySelector<HTMLVideoElement>('[data-testid=peer-tile] video');
    if (peer === undefined || video === null) throw new Error('nobody else is in the room');
    const stats: Record<string, unknown>[] = [];
    (await peer.getStats()).forEach((stat: Record<string, unknown>) => stats.push(stat));
    const byId = (id: unknown) => stats.find((stat) => stat['id'] === id) ?? {};
    const inbound = stats.find((stat) => stat['type'] === 'inbound-rtp' && stat['kind'] === 'video') ?? {};
    const transport = stats.find((stat) => stat['type'] === 'transport') ?? {};
    const pair = byId(transport['selectedCandidatePairId']);
    const local = byId(pair['localCandidateId']);
    const remote = byId(pair['remoteCandidateId']);

    const canvas = new OffscreenCanvas(8, 8);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('the page cannot read pictures');
    context.drawImage(video, 0, 0, 8, 8);
    const pixels = context.getImageData(0, 0, 8, 8).data;
    const mean = (channel: number) =>
      pixels.reduce((sum, value, place) => sum + (place % 4 === channel ? value : 0), 0) /
      (pixels.length / 4);
    return {
      framesDecoded: Number(inbound['framesDecoded'] ?? 0),
      currentTime: video.currentTime,
      pair: `${String(local['candidateType'])}/${String(remote['candidateType'])} ${String(local['protocol'])}`,
      rgb: [mean(0), mean(1), mean(2)].map(Math.round),
    };
  });
}

/** How much wider than the window the page is, in CSS pixels. */
export function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
