// One `npm start` at a time in a checkout: two would write one configuration, and each would serve by whatever the other has written.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ROOT, ToolError } from './run.mjs';

/** Says which process runs here; ignored by git. */
const FILE = join(ROOT, '.wrangler/portcullis-dev/running.json');

/**
 * Takes the checkout for this process until it ends; throws where another one has it.
 *
 * @param {string} url where this one will be
 */
export function takeCheckout(url) {
  const other = readOther();
  if (other && isRunning(other.pid)) {
    throw new ToolError(`\`npm start\` is running in this checkout, at ${other.url} (process ${other.pid})\nhelp: use that one, or end it first; if that process is something else, remove ${FILE}`);
  }
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify({ pid: process.pid, url }));
  process.on('exit', () => {
    if (readOther()?.pid === process.pid) rmSync(FILE, { force: true });
  });
}

/** @returns {{ pid: number, url: string } | undefined} what stands in the file; nothing where it is not there, or half written */
function readOther() {
  try {
    const { pid, url } = JSON.parse(readFileSync(FILE, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? { pid, url: String(url) } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {any} */ (error).code === 'EPERM'; // somebody else's
  }
}
