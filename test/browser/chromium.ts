import { accessSync, constants } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Media goes over loopback: by its address, not behind an mDNS name that nobody resolves here.
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

export interface ChromiumOptions {
  /** A `.y4m` or `.mjpeg` file that the camera shows. Default: Chromium's own test picture. */
  readonly picture?: string;
  /** `granted`: camera and microphone are given without asking. `refused`: they are there, and not given. `none`: there are none. */
  readonly devices?: 'granted' | 'refused' | 'none';
}

/** A new browser with an empty profile. Whoever launches it closes it. */
export function launchChromium({ picture, devices = 'granted' }: ChromiumOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      ...flags,
      ...(devices === 'none' ? [] : ['--use-fake-device-for-media-stream']),
      ...(devices === 'granted' ? ['--use-fake-ui-for-media-stream'] : []),
      ...(picture === undefined ? [] : [`--use-file-for-fake-video-capture=${picture}`]),
    ],
  });
}

/** Throws where no Chromium is installed. */
function findChromium(): string {
  const places = process.env['CHROMIUM_PATH'] === undefined ? usualPlaces : [process.env['CHROMIUM_PATH']];
  const found = places.find(isExecutable);
  if (found === undefined) {
    throw new Error(
      `Chromium is missing: run scripts/provision, or set CHROMIUM_PATH (looked at ${places.join(', ')})`,
    );
  }
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
