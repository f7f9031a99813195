// Finds a Chromium for the tests, and installs one where that can be done without asking.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { ROOT, ToolError, canRun, run } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];

const FOLDERS = ['/usr/bin', '/usr/local/bin', '/snap/bin', '/opt/google/chrome'];

const PROGRAMS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** What keeps a headless Chromium quiet, offline and able to run as root in a container. */
export const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Returns the path of a browser that is installed, or `undefined`. `PORTCULLIS_BROWSER` names one.
 *
 * @returns {Promise<string | undefined>}
 */
export async function findBrowser() {
  const named = process.env.PORTCULLIS_BROWSER;
  if (named) {
    if (!existsSync(named)) throw new ToolError(`PORTCULLIS_BROWSER names \`${named}\`, which does not exist`);
    return named;
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...FOLDERS];
  const candidates = [...NAMES.flatMap((name) => folders.map((folder) => join(folder, name))), ...PROGRAMS];
  return candidates.find((path) => existsSync(path)) ?? playwrightBrowser();
}

/** Finds a browser, else installs Debian's (as root), else playwright's own; returns its path. */
export async function installBrowser() {
  const found = await findBrowser();
  if (found) return found;
  if (process.getuid?.() === 0 && (await canRun('apt-get'))) {
    console.log('setup: installing Chromium (apt-get install chromium)');
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-q'], { quiet: true, env });
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], { quiet: true, env });
  } else {
    console.log('setup: installing Chromium (playwright-core install chromium)');
    const installer = join(ROOT, 'node_modules/playwright-core/cli.js');
    await run(process.execPath, [installer, 'install', '--only-shell', 'chromium'], {
      help: 'install Chromium or Chrome yourself, or name one in PORTCULLIS_BROWSER',
    });
  }
  const installed = await findBrowser();
  if (installed) return installed;
  throw new ToolError('no browser could be found or installed\nhelp: install Chromium or Chrome, or name one in PORTCULLIS_BROWSER');
}

/** The browser that playwright's installer downloads, if it did. */
async function playwrightBrowser() {
  try {
    const { chromium } = await import('playwright-core');
    const path = chromium.executablePath();
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined; // the package is not installed yet, or knows no browser for this system
  }
}
