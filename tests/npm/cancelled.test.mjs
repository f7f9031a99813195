// The package in workerd, where a client that leaves has its request cancelled: nothing that it waited for ever settles, and what Wasm's memory held for
// it is given back all the same.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { build } from 'esbuild';

import { ROOT } from '../../tools/run.mjs';
import { INSTANCES } from '../oracle/authenticate/instance.mjs';
import { listen } from '../support/listen.mjs';
import { startWorker } from '../support/workerd.mjs';

const { publishableKey } = INSTANCES.dev;

/** A Worker with a gate, and with somebody who asks it and leaves. */
const WORKER = `
  import { core } from './npm/gate-core.js';
  import { createGate } from './npm/workerd.js';
  let gate;
  export default {
    async fetch(request, env) {
      const { origin, pathname, searchParams } = new URL(request.url);
      if (pathname === '/collect') {
        gc();
        return Response.json(core.instance().core.memory.buffer.byteLength);
      }
      if (pathname === '/leave') {
        const asked = new URL(searchParams.get('path'), origin);
        for (let left = 0; left < 40; left += 1) env.SELF.fetch(asked, { headers: request.headers }).catch(() => {});
        await scheduler.wait(50);
        return new Response('gone');
      }
      gate ??= createGate({ publishableKey: env.PUBLISHABLE_KEY, secretKey: 'sk_test_x', apiUrl: env.API, authorizedParties: [origin] });
      return (await gate).handle(request, () => new Response('the app'));
    },
  };
`;

/** @type {string} */
let dir;
/** @type {import('node:http').Server} */
let silent;
/** @type {Awaited<ReturnType<typeof startWorker>>} */
let worker;
let asked = 0;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-cancelled-'));
  await build({
    stdin: { contents: WORKER, resolveDir: ROOT }, outfile: join(dir, 'index.js'), bundle: true, format: 'esm', conditions: ['workerd'],
    loader: { '.wasm': 'copy' }, assetNames: '[name]', external: ['node:*'], logLevel: 'error',
  });
  silent = createServer(() => (asked += 1));
  const port = await listen(silent);
  worker = await startWorker({ env: { PUBLISHABLE_KEY: publishableKey, API: `http://127.0.0.1:${port}` }, dir, isBoundToItself: true, v8Flags: ['--expose-gc'] });
});
after(async () => {
  await worker?.stop();
  silent?.closeAllConnections();
  silent?.close();
  await rm(dir, { recursive: true, force: true });
});

/** Collects garbage, and lets the isolate tell who has gone; gives the bytes of the module's memory. @returns {Promise<number>} */
async function collect() {
  let bytes = 0;
  for (let turns = 0; turns < 4; turns += 1) bytes = await (await fetch(`${worker.url}/collect`)).json();
  return bytes;
}

test('requests that are cancelled while the Backend API is silent leave the memory as it was', async () => {
  const path = encodeURIComponent('/dashboard?__clerk_handshake_nonce=n');
  const headers = { 'sec-fetch-dest': 'document', accept: 'text/html', cookie: `a=${'x'.repeat(2000)}` };
  const some = async () => {
    for (let times = 0; times < 10; times += 1) await (await fetch(`${worker.url}/leave?path=${path}`, { headers })).text();
    return collect();
  };
  const first = await some();
  // If each stayed, that would be 20 MB.
  for (let rounds = 0; rounds < 12; rounds += 1) {
    const more = (await some()) - first;
    assert.ok(more < 4_000_000, `what was cancelled stays in memory: ${more} bytes`);
  }
  assert.ok(asked > 4000, `the Backend API was asked ${asked} times`);
});
