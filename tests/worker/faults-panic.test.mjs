// A real panic in the real gate: the built Worker with an entry before it that breaks the platform for one request.
//
// The gate has no input that makes it panic, so the platform has to break its word: reading a header throws, which the platform's
// own headers never do. The exception flies through Wasm without any cleaning up, and leaves a borrow behind; the next request
// that wants it panics, as Rust code does that finds its own state broken.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { RELEASE_DIR } from '../../tools/build.mjs';
import { startGate } from '../support/gate.mjs';

const ENTRY = `
  import gate from './gate.js';
  export default {
    fetch(request, env, ctx) {
      if (!request.headers.has('x-break')) return gate.fetch(request, env, ctx);
      const headers = { get() { throw new Error('broken headers'); } };
      return gate.fetch(new Proxy(request, { get: (target, name) => (name === 'headers' ? headers : target[name]) }), env, ctx);
    },
  };
`;

/** @type {string} */
let dir;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-panic-'));
  await cp(RELEASE_DIR, dir, { recursive: true });
  await rename(join(dir, 'index.js'), join(dir, 'gate.js'));
  await writeFile(join(dir, 'index.js'), ENTRY);
  gate = await startGate({ dir });
});
after(async () => {
  await gate?.stop();
  await rm(dir, { recursive: true, force: true });
});

describe('a panic in Wasm', () => {
  const ask = async (headers = {}) => gate.request('/api/protected', { token: await gate.clerk.token(), headers });

  for (const round of ['the first time', 'the second time']) {
    test(`${round}: what panics is refused, and the next request works`, async () => {
      assert.equal((await ask()).status, 200);
      gate.origin.clear();
      const broken = await ask({ 'x-break': '1' });
      assert.equal(broken.status, 500);
      const panicked = await ask();
      assert.equal(panicked.status, 500);
      assert.equal(panicked.headers.get('content-type'), 'application/problem+json');
      assert.equal(panicked.headers.get('cache-control'), 'no-store');
      assert.equal((await panicked.json()).reason, 'internal-error');
      assert.deepEqual(gate.origin.seen, [], 'a request without a decision was forwarded');
      assert.match(gate.worker.log(), /panicked at/);
      assert.equal((await ask()).status, 200);
      assert.equal((await gate.request('/api/protected')).status, 401, 'a fresh instance decides as the old one did');
    });
  }

  test('a public path is no way around it', async () => {
    assert.equal((await gate.request('/api/public/x', { headers: { 'x-break': '1' } })).status, 500);
    gate.origin.clear();
    assert.equal((await gate.request('/api/public/x')).status, 500);
    assert.deepEqual(gate.origin.seen, []);
    assert.equal((await gate.request('/api/public/x')).status, 200);
  });
});
