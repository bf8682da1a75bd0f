// Makes the pictures of the documents anew: a server, painted people in browsers of their own, and docs/images/*.png.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from '../../test/browser/chromium.ts';
import { enterRoom, openLobby } from '../../test/browser/demo-page.ts';
import { ParleyServer } from '../../test/browser/parley-server.ts';
import { type PaintedPerson, writePaintedPerson } from './painted-person.ts';

const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const room = 'quiet-harbor';
const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const phoneSize = { width: 390, height: 844 };
const phone: BrowserContextOptions = { viewport: phoneSize };

/** Four browsers that encode video at once may keep a small machine busy. */
const connectWithinMs = 120_000;

const people: Readonly<Record<string, PaintedPerson>> = {
  Ada: { wall: ['#e7d3b8', '#c9a783'], skin: '#f1c7a5', hair: '#4a2f23', shirt: '#24508f', hairStyle: 'bun' },
  Grace: {
    wall: ['#c9d9d3', '#8fb0a6'],
    skin: '#e8b48c',
    hair: '#7a6a63',
    shirt: '#b8402f',
    hairStyle: 'short',
  },
  Nour: {
    wall: ['#b9c6dd', '#7f93b8'],
    skin: '#b97f56',
    hair: '#1d1716',
    shirt: '#e0a632',
    hairStyle: 'long',
  },
};

const pictures = mkdtempSync(join(tmpdir(), 'parley-pictures-'));
mkdirSync(images, { recursive: true });
const server = await ParleyServer.start();
const browsers: Browser[] = [];
try {
  const cameras = await paintCameras();
  const ada = await launch(cameras.get('Ada'));
  await lobbyPictures(ada);
  await refusalPicture(ada);
  const others = await enterOthers(cameras);
  await roomPictures(ada, others);
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await server.stop();
  rmSync(pictures, { recursive: true });
}

async function launch(picture?: string): Promise<Browser> {
  const browser = await launchChromium(picture === undefined ? {} : { picture });
  browsers.push(browser);
  return browser;
}

async function paintCameras(): Promise<Map<string, string>> {
  const painter = await launch();
  const cameras = new Map<string, string>();
  for (const [name, person] of Object.entries(people)) {
    const path = join(pictures, `${name}.mjpeg`);
    await writePaintedPerson(painter, path, person);
    cameras.set(name, path);
  }
  return cameras;
}

async function enter(browser: Browser, name: string): Promise<Page> {
  const page = await browser.newPage(desktop);
  await enterRoom(page, server.url, { room, name });
  return page;
}

async function lobbyPictures(browser: Browser): Promise<void> {
  const looks = { 'lobby-desktop': desktop, 'lobby-phone': phone };
  for (const [name, options] of Object.entries(looks)) {
    const page = await browser.newPage(options);
    await openLobby(page, server.url, { room, name: 'Ada' });
    await save(page, name);
    await page.close();
  }
}

/** What a person sees whose token does not hold. */
async function refusalPicture(browser: Browser): Promise<void> {
  const page = await browser.newPage(desktop);
  await openLobby(page, server.url, { room, name: 'Ada', token: 'not.a.token' });
  await page.getByRole('button', { name: 'Enter room' }).click();
  await page.getByRole('textbox', { name: 'Token' }).waitFor();
  await save(page, 'error-desktop');
  await page.close();
}

/** Grace and Nour with their cameras, and Bo without. */
async function enterOthers(cameras: ReadonlyMap<string, string>): Promise<Page[]> {
  const grace = await enter(await launch(cameras.get('Grace')), 'Grace');
  const bo = await enter(await launch(), 'Bo');
  await bo.getByRole('button', { name: 'Stop camera' }).click();
  await bo.getByRole('button', { name: 'Mute microphone' }).click();
  const nour = await enter(await launch(cameras.get('Nour')), 'Nour');
  return [grace, bo, nour];
}

async function roomPictures(browser: Browser, others: readonly Page[]): Promise<void> {
  const page = await enter(browser, 'Ada');
  const connected = page.locator('[data-testid=peer-tile][data-link=connected]');
  await connected.nth(others.length - 1).waitFor({ timeout: connectWithinMs });
  await save(page, 'room-desktop');
  await page.emulateMedia({ colorScheme: 'dark' });
  await save(page, 'room-desktop-dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByRole('button', { name: 'Close people and events' }).click();
  await page.setViewportSize(phoneSize);
  await save(page, 'room-phone');
}

/** Waits until nothing moves any more: entrances, and the first sharp pictures of a connection. */
async function save(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(4000);
  await page.screenshot({ path: join(images, `${name}.png`) });
}
