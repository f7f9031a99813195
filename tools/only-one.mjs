// One `npm start` at a time in a checkout: two would write one configuration, and each would serve by whatever the other has written.

import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';

import { ROOT, ToolError } from './run.mjs';

/** Says which process runs here, and at which port it answers for itself; ignored by git. */
const FILE = join(ROOT, '.wrangler/portcullis-dev/running.json');
/** How long another process may take to answer, in milliseconds. */
const PATIENCE_MS = 2000;

/** @typedef {{ pid: number, url: string, port: number, name: string }} Running */

/**
 * Takes the checkout for this process until it ends; throws where another one has it. What was killed answers no more, also where its number is
 * another process's by now, as it soon is in a container.
 *
 * @param {string} url where this one will be
 */
export async function takeCheckout(url) {
  const other = readOther();
  if (other && (await answers(other))) {
    throw new ToolError(`\`npm start\` is running in this checkout, at ${other.url} (process ${other.pid})\nhelp: use that one, or end it first`);
  }
  const name = randomUUID();
  const port = await listen(name);
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify({ pid: process.pid, url, port, name }));
  process.on('exit', () => {
    if (readOther()?.name === name) rmSync(FILE, { force: true });
  });
}

/** @returns {Running | undefined} what stands in the file; nothing where it is not there, or half written */
function readOther() {
  try {
    const { pid, url, port, name } = JSON.parse(readFileSync(FILE, 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65536 ? { pid, url, port, name } : undefined;
  } catch {
    return undefined;
  }
}

/** Says a name to whoever connects, as long as this process runs. @param {string} name @returns {Promise<number>} at which port */
function listen(name) {
  const server = createServer((socket) => socket.on('error', () => {}).end(name));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(/** @type {import('node:net').AddressInfo} */ (server.address()).port));
    server.unref();
  });
}

/** Whether it is still there: nobody else says its name. @param {Running} other @returns {Promise<boolean>} */
function answers({ port, name }) {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setEncoding('utf8');
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      said += chunk;
      if (said.length >= name.length) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(said === name));
  });
}
