// A real panic in the real gate: the built Worker with an entry before it that breaks the platform for one request.
//
// The gate has no input that makes it panic, so the platform has to break its word, by what it does when a header is read. It throws, which the
// platform's own headers never do: the exception flies through Wasm without any cleaning up, and whatever was in the middle of something
// stays there. Or it asks the gate for a decision, in the middle of one: Rust finds that its state is in use, and panics.

import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { RELEASE_DIR } from '../../tools/build.mjs';
import { startGate } from '../support/gate.mjs';

const ENTRY = `
  import gate from './gate.js';
  import { decide_only } from './portcullis.js';
  export default {
    fetch(request, env, ctx) {
      const breaks = {
        throw() { throw new Error('broken headers'); },
        panic() { decide_only(request, env); return null; },
      }[request.headers.get('x-break')];
      if (breaks === undefined) return gate.fetch(request, env, ctx);
      return gate.fetch(new Proxy(request, { get: (target, name) => (name === 'headers' ? { get: breaks } : target[name]) }), env, ctx);
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

const ask = async (headers = {}) => gate.request('/api/protected', { token: await gate.clerk.token(), headers });

for (const [how, what] of [['panic', 'a panic in Wasm'], ['throw', 'an exception that flies through Wasm']]) {
  describe(what, () => {
    for (const round of ['the first time', 'the second time']) {
      test(`${round}: the request is refused, and the next one works`, async () => {
        assert.equal((await ask()).status, 200);
        gate.origin.clear();
        const broken = await ask({ 'x-break': how });
        assert.equal(broken.status, 500);
        assert.equal(broken.headers.get('content-type'), 'application/problem+json');
        assert.equal(broken.headers.get('cache-control'), 'no-store');
        assert.equal((await broken.json()).reason, 'internal-error');
        assert.deepEqual(gate.origin.seen, [], 'a request without a decision was forwarded');
        assert.match(gate.worker.log(), how === 'panic' ? /panicked at/ : /broken headers/);
        assert.equal((await ask()).status, 200);
        assert.equal((await gate.request('/api/protected')).status, 401, 'a fresh instance decides as the old one did');
      });
    }

    test('a public path is no way around it', async () => {
      gate.origin.clear();
      assert.equal((await gate.request('/api/public/x', { headers: { 'x-break': how } })).status, 500);
      assert.deepEqual(gate.origin.seen, []);
      assert.equal((await gate.request('/api/public/x')).status, 200);
    });
  });
}
