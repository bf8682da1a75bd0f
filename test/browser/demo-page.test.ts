import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ChromiumOptions, launchChromium } from './chromium.ts';
import { enterRoom, openLobby, readPlaying, sidewaysOverflow } from './demo-page.ts';
import { blue, orange, type PictureColor, writeFakePicture } from './fake-picture.ts';
import { ParleyServer } from './parley-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-browser-'));
const orangePicture = join(folder, 'orange.y4m');
const bluePicture = join(folder, 'blue.y4m');
const browsers: Browser[] = [];
const unhandled: Error[] = [];
let server: ParleyServer;

beforeAll(async () => {
  writeFakePicture(orangePicture, orange);
  writeFakePicture(bluePicture, blue);
  server = await ParleyServer.start();
});

afterEach(async () => {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  expect(unhandled.splice(0)).toEqual([]);
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** A page in a browser of its own. An error that the page does not handle fails the test. */
async function openPage(
  options: ChromiumOptions = {},
  viewport = { width: 1280, height: 800 },
): Promise<Page> {
  const browser = await launchChromium(options);
  browsers.push(browser);
  const page = await browser.newPage({ viewport });
  page.on('pageerror', (error) => unhandled.push(error));
  return page;
}

/** Two pages, each in a browser of its own, connected in one room. */
async function meet(room: string): Promise<readonly [ada: Page, bo: Page]> {
  const ada = await openPage({ picture: orangePicture });
  const bo = await openPage({ picture: bluePicture });
  await enterRoom(ada, server.url, { room, name: 'Ada' });
  await enterRoom(bo, server.url, { room, name: 'Bo' });
  for (const page of [ada, bo]) await page.locator('[data-testid=peer-tile][data-link=connected]').waitFor();
  return [ada, bo];
}

function distance(one: readonly number[], other: readonly number[]): number {
  return Math.hypot(...one.map((value, channel) => value - (other[channel] ?? 0)));
}

function closest(rgb: readonly number[]): PictureColor {
  return distance(rgb, orange.rgb) < distance(rgb, blue.rgb) ? orange : blue;
}

describe('a call', () => {
  test('P4: two browsers meet in a room of the demo page and each plays the other’s picture', async () => {
    const [ada, bo] = await meet('meeting');
    for (const [page, othersColor] of [
      [ada, blue],
      [bo, orange],
    ] as const) {
      await page.waitForFunction(
        () =>
          (document.querySelector<HTMLVideoElement>('[data-testid=peer-tile] video')?.currentTime ?? 0) > 0.5,
      );
      const before = await readPlaying(page);
      // The promise is about time: five seconds of it.
      await page.waitForTimeout(5000);
      const after = await readPlaying(page);
      expect(after.framesDecoded - before.framesDecoded).toBeGreaterThan(20);
      expect(after.currentTime - before.currentTime).toBeGreaterThan(3);
      expect(after.pair).toBe('host/host udp');
      expect(closest(after.rgb)).toBe(othersColor);
      expect(distance(after.rgb, othersColor.rgb)).toBeLessThan(90);
    }
  });

  test('R7: a muted microphone and a stopped camera are seen by the other, and the picture comes back', async () => {
    const [ada, bo] = await meet('devices');
    const adaAtBo = bo.getByTestId('peer-tile');
    await ada.getByRole('button', { name: 'Mute microphone' }).click();
    await adaAtBo.getByText('microphone off').waitFor();
    await ada.getByRole('button', { name: 'Stop camera' }).click();
    await bo.getByTestId('events').getByText('Ada turned the camera off.').waitFor();
    await adaAtBo.locator('.tile-mast').waitFor();
    await ada.getByRole('button', { name: 'Start camera' }).click();
    await adaAtBo.locator('.tile-mast').waitFor({ state: 'detached' });
    const { framesDecoded } = await readPlaying(bo);
    await expect
      .poll(async () => (await readPlaying(bo)).framesDecoded, { timeout: 15_000 })
      .toBeGreaterThan(framesDecoded + 10);
  });

  test('a camera that is started only in the room is seen by the other', async () => {
    const ada = await openPage({ picture: orangePicture });
    await openLobby(ada, server.url, { room: 'late', name: 'Ada' });
    await ada.getByRole('button', { name: 'Stop camera' }).click();
    await ada.getByRole('button', { name: 'Enter room' }).click();
    await ada.getByTestId('own-tile').waitFor();
    const bo = await openPage({ picture: bluePicture });
    await enterRoom(bo, server.url, { room: 'late', name: 'Bo' });
    await bo.locator('[data-testid=peer-tile][data-link=connected]').waitFor();
    await bo.getByTestId('peer-tile').locator('.tile-mast').waitFor();
    await ada.getByRole('button', { name: 'Start camera' }).click();
    await expect
      .poll(async () => (await readPlaying(bo)).framesDecoded, { timeout: 20_000 })
      .toBeGreaterThan(10);
    expect(closest((await readPlaying(bo)).rgb)).toBe(orange);
  });

  test('R3: who leaves is gone for the other, with a line that says so', async () => {
    const [ada, bo] = await meet('leaving');
    await bo.getByRole('button', { name: 'Leave the room' }).click();
    await bo.getByText('You have left').waitFor();
    await ada.getByTestId('peer-tile').waitFor({ state: 'detached' });
    await ada.getByTestId('events').getByText('Bo left.').waitFor();
    await ada.getByTestId('invite').waitFor();
    expect(await ada.getByTestId('announcer').textContent()).toBe('Bo left.');
  });

  test('R3: a closed tab leaves its room at once', async () => {
    const [ada, bo] = await meet('closing');
    await bo.goto('about:blank');
    await ada.getByTestId('events').getByText('Bo left.').waitFor();
  });
});

describe('what goes wrong is said in words', () => {
  test('S1: a refused token is said in words, and another one is asked for', async () => {
    const page = await openPage();
    await page.goto(`${server.url}/?room=daily&name=Ada&token=not.a.token`);
    await page.getByRole('button', { name: 'Enter room' }).click();
    await page.getByText('The server does not accept this token').waitFor();
    await page.getByRole('textbox', { name: 'Token' }).waitFor();
  });

  test('a refused camera is said, and one can enter without', async () => {
    const page = await openPage({ devices: 'refused' });
    await page.goto(`${server.url}/?room=bare&name=Ada`);
    await page.getByText('Your camera and microphone are blocked').waitFor();
    await page.getByRole('button', { name: 'Enter room' }).click();
    await page.getByTestId('own-tile').getByText('microphone off').waitFor();
  });

  test('P4: two who have neither camera nor microphone are connected all the same', async () => {
    const pages = [await openPage({ devices: 'none' }), await openPage({ devices: 'none' })];
    for (const [index, page] of pages.entries())
      await enterRoom(page, server.url, { room: 'nothing-to-send', name: `Guest ${index}` });
    for (const page of pages) await page.locator('[data-testid=peer-tile][data-link=connected]').waitFor();
  });

  test('a missing camera is said, and one can enter without', async () => {
    const page = await openPage({ devices: 'none' });
    await page.goto(`${server.url}/?room=bare&name=Ada`);
    await page.getByText('No camera or microphone found').waitFor();
    await page.getByRole('button', { name: 'Enter room' }).click();
    await page.getByTestId('own-tile').waitFor();
  });

  test('a server that gives no tokens asks for one, says how to make it, and takes it', async () => {
    const secret = 'a secret that is long enough for HS256 keys';
    const guarded = await ParleyServer.start({ JWT_SECRET: secret });
    try {
      const page = await openPage();
      await page.goto(`${guarded.url}/?room=daily&name=Ada`);
      await page.getByRole('button', { name: 'Enter room' }).click();
      const field = page.getByRole('textbox', { name: 'Token' });
      await field.waitFor();
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
      await page.getByText('npx parley token --user ada --room daily').waitFor();
      await page.getByRole('button', { name: 'Enter room' }).click();
      await page.getByText('A token is needed').waitFor();
      const token = execFileSync(process.execPath, [
        'src/cli/main.ts',
        'token',
        '--user',
        'ada',
        '--room',
        'daily',
        '--secret',
        secret,
      ]);
      await field.fill(token.toString());
      await page.keyboard.press('Enter');
      await page.getByTestId('own-tile').waitFor();
    } finally {
      await guarded.stop();
    }
  });

  test('S6: a server that dies is said to be out of reach, and after its restart the call is whole again', async () => {
    const mortal = await ParleyServer.start();
    const page = await openPage();
    await enterRoom(page, mortal.url, { room: 'storm', name: 'Ada' });
    await mortal.kill();
    await page.getByText('The connection to the server was lost').waitFor();
    const again = await ParleyServer.start({ PORT: mortal.port, DATA_DIR: mortal.dataFolder });
    try {
      await page.getByTestId('signaling').getByText('Connected').waitFor();
      await page
        .getByTestId('events')
        .getByText('The server is back. Some events could not be kept.')
        .waitFor();
      await page.getByText('The connection to the server was lost').waitFor({ state: 'detached' });
    } finally {
      await again.stop();
      await mortal.stop();
    }
  });

  test('a server that stays away is given up in words, and one can try again', async () => {
    const mortal = await ParleyServer.start();
    const page = await openPage();
    await page.clock.install();
    await enterRoom(page, mortal.url, { room: 'calm', name: 'Ada' });
    await mortal.kill();
    await page.getByText('The connection to the server was lost').waitFor();
    const givenUp = page.getByTestId('notice').getByText('The server could not be reached again');
    while (!(await givenUp.isVisible())) await page.clock.runFor(1000);
    const again = await ParleyServer.start({ PORT: mortal.port, DATA_DIR: mortal.dataFolder });
    try {
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByTestId('own-tile').waitFor();
      await page.getByTestId('signaling').getByText('Connected').waitFor();
    } finally {
      await again.stop();
      await mortal.stop();
    }
  });
});

describe('for everyone', () => {
  test('one can enter and leave a room with the keyboard alone', async () => {
    const page = await openPage();
    await page.goto(server.url);
    const enter = page.getByRole('button', { name: 'Enter room' });
    await enter.waitFor();
    await tabTo(page, 'Your name');
    await page.keyboard.type('Ada');
    await tabTo(page, 'Room');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('keys');
    await page.keyboard.press('Enter');
    await page.getByTestId('own-tile').waitFor();
    expect(new URL(page.url()).search).toBe('?room=keys&name=Ada');
    await tabTo(page, 'Mute microphone');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Unmute microphone' }).waitFor();
    await tabTo(page, 'Leave the room');
    await page.keyboard.press('Enter');
    await page.getByText('You have left').waitFor();
  });

  test('the focus is always seen', async () => {
    const page = await openPage();
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Enter room' }).waitFor();
    for (let stop = 0; stop < 7; stop += 1) {
      await page.keyboard.press('Tab');
      const ring = await page.evaluate(() => {
        const focused = document.activeElement;
        if (focused === null || focused === document.body) return 'left the page';
        const drawn = focused.querySelector('.tool-disc') ?? focused;
        return getComputedStyle(drawn).boxShadow;
      });
      expect(ring).not.toBe('none');
    }
  });

  test('a name that is missing is asked for beside its field', async () => {
    const page = await openPage();
    await page.goto(`${server.url}/?room=daily`);
    await page.getByRole('button', { name: 'Enter room' }).click();
    await page.getByText('Say who you are').waitFor();
    expect(await focusedLabel(page)).toBe('Your name');
  });

  test.each([320, 390])(
    'a window of %i pixels scrolls no page sideways, in the lobby and in the room',
    async (width) => {
      const page = await openPage({}, { width, height: 700 });
      await page.goto(`${server.url}/?room=a-room-with-quite-a-long-name&name=Ada`);
      await page.getByRole('button', { name: 'Enter room' }).waitFor();
      expect(await sidewaysOverflow(page)).toBe(0);
      await page.getByRole('button', { name: 'Enter room' }).click();
      await page.getByTestId('own-tile').waitFor();
      expect(await sidewaysOverflow(page)).toBe(0);
      await page.getByRole('button', { name: 'People and events' }).click();
      await page.getByTestId('events').waitFor();
      expect(await sidewaysOverflow(page)).toBe(0);
      await page.keyboard.press('Escape');
      expect(await focusedLabel(page)).toBe('People and events');
    },
  );

  test('the theme follows the system until one is chosen, and the choice is kept', async () => {
    const page = await openPage();
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(server.url);
    await page.getByRole('button', { name: 'Use the light theme' }).click();
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('light');
    await page.reload();
    await page.getByRole('button', { name: 'Use the dark theme' }).waitFor();
  });

  test('nothing is loaded from another origin', async () => {
    const page = await openPage();
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    await enterRoom(page, server.url, { room: 'own', name: 'Ada' });
    expect(foreign).toEqual([]);
  });
});

/** Presses Tab until the control with this name has the focus. */
async function tabTo(page: Page, label: string): Promise<void> {
  for (let press = 0; press < 25; press += 1) {
    await page.keyboard.press('Tab');
    if ((await focusedLabel(page)) === label) return;
  }
  throw new Error(`no Tab leads to ${label}`);
}

function focusedLabel(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (focused instanceof HTMLInputElement) return focused.labels?.[0]?.textContent ?? '';
    return focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
  });
}
