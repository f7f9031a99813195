// What the package and the Worker rest on: a platform's Web Crypto has copied what it is to check when `verify` returns. They hand it views of
// Wasm's memory, and the next request may write there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { chromium } from 'playwright-core';

import { BROWSER_FLAGS, findBrowser } from '../../tools/browser.mjs';
import { findRuntime, missing } from '../../tools/runtimes.mjs';
import { environment } from '../support/environment.mjs';
import { listen } from '../support/listen.mjs';
import { startWorker } from '../support/workerd.mjs';

/** Checks a good signature and a bad one, and writes over both, each with the other, before the answers are there. */
async function checkAndOverwrite() {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const { privateKey, publicKey } = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(rsa, false, ['sign', 'verify']));
  const data = new TextEncoder().encode('header.payload'.repeat(60));
  const good = new Uint8Array(await crypto.subtle.sign(rsa.name, privateKey, data));
  const bad = good.map((byte) => byte ^ 1);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer);
  /** @type {boolean[]} */
  const answers = [];
  for (const [first, then] of [[good, bad], [bad, good]]) {
    bytes.set(first, 0);
    bytes.set(data, 1000);
    const answer = crypto.subtle.verify(rsa.name, publicKey, bytes.subarray(0, 256), bytes.subarray(1000, 1000 + data.length));
    bytes.set(then, 0);
    if (first === good) bytes.fill(0, 1000);
    answers.push(await answer);
  }
  bytes.set(good, 0);
  bytes.set(data, 1000);
  const last = crypto.subtle.verify(rsa.name, publicKey, bytes.subarray(0, 256), bytes.subarray(1000, 1000 + data.length));
  // From here on the buffer is another, and the views are empty.
  memory.grow(1);
  return [...answers, await last];
}

const EXPECTED = [true, false, true];

test('Web Crypto of Node copies before it returns', async () => {
  assert.deepEqual(await checkAndOverwrite(), EXPECTED);
});

test("workerd's copies before it returns", async () => {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-web-crypto-'));
  await writeFile(join(dir, 'index.js'), `${checkAndOverwrite}\nexport default { fetch: async () => Response.json(await checkAndOverwrite()) };\n`);
  const worker = await startWorker({ env: {}, dir });
  try {
    assert.deepEqual(await (await fetch(worker.url)).json(), EXPECTED);
  } finally {
    await worker.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

for (const [name, command] of /** @type {const} */ ([['bun', '-e'], ['deno', 'eval']])) {
  const file = await findRuntime(name);
  test(`that of ${name} copies before it returns`, { skip: missing(name, file) }, () => {
    const code = `${checkAndOverwrite}\nconsole.log(JSON.stringify(await checkAndOverwrite()));`;
    assert.deepEqual(JSON.parse(execFileSync(String(file), [command, code], { encoding: 'utf8', env: environment() })), EXPECTED);
  });
}

const executablePath = await findBrowser();

test("a browser's copies before it returns", { skip: executablePath ? false : 'no browser is installed; run `node tools/setup.mjs --tests`' }, async () => {
  // Web Crypto is there for pages of this machine.
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'));
  const port = await listen(server);
  const browser = await chromium.launch({ executablePath, headless: true, args: BROWSER_FLAGS });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    assert.deepEqual(await page.evaluate(checkAndOverwrite), EXPECTED);
  } finally {
    await browser.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});
