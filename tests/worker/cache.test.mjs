// A real shared cache (nginx) in front of the gate, and an origin that asks for everything to be kept: what was made for one user is
// never served to another. The same cache right before the same origin shows that the leak is real.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { listen } from '../support/listen.mjs';
import { findNginx, startCache } from '../support/nginx.mjs';

const nginx = findNginx();
const skip = nginx ? false : 'nginx is not installed (Debian: apt install nginx)';

/** What an origin can say to have an answer kept by a cache that is not the browser's. @type {Record<string, Record<string, string>>} */
const KEPT = {
  'public, max-age': { 'cache-control': 'public, max-age=600' },
  's-maxage': { 'cache-control': 's-maxage=600' },
  'max-age alone': { 'cache-control': 'max-age=600' },
  'Expires alone': { expires: new Date(Date.now() + 600_000).toUTCString() },
  'nothing at all': {},
  'CDN-Cache-Control': { 'cache-control': 'max-age=600', 'cdn-cache-control': 'public, max-age=600', 'cloudflare-cdn-cache-control': 'max-age=600' },
  'Surrogate-Control': { 'cache-control': 'max-age=600', 'surrogate-control': 'max-age=600' },
  'X-Accel-Expires': { 'x-accel-expires': '600' },
  'X-Accel-Expires against private': { 'cache-control': 'private', 'x-accel-expires': '600' },
  'Vary: Accept-Encoding': { 'cache-control': 'public, max-age=600', vary: 'Accept-Encoding' },
  immutable: { 'cache-control': 'public, max-age=31536000, immutable' },
};

/** @type {import('node:http').Server} */
let origin;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {Awaited<ReturnType<typeof startCache>>} */
let guarded;
/** @type {Awaited<ReturnType<typeof startCache>>} */
let bare;
/** @type {Record<'A' | 'B' | 'nobody', Record<string, string>[]>} */
let visitors;

/** Who a request is from, as the gate says, or without one as the token does. @param {import('node:http').IncomingMessage} request */
function nameOf({ headers }) {
  if (headers['x-portcullis-auth-status']) return headers['x-portcullis-user-id'] ?? 'nobody';
  const token = /__session=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? headers.authorization?.split(' ')[1];
  return token ? JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sub : 'nobody';
}

before(async () => {
  if (!nginx) return;
  origin = createServer((request, response) => {
    const kind = new URL(request.url ?? '', 'http://x').searchParams.get('kind') ?? '';
    response.writeHead(200, { 'content-type': 'text/plain', ...KEPT[kind] });
    response.end(`for ${nameOf(request)}`);
  });
  const port = await listen(origin);
  gate = await startGate({ policy: { origin: `http://127.0.0.1:${port}` } });
  [guarded, bare] = await Promise.all([startCache(nginx, `127.0.0.1:${gate.worker.port}`), startCache(nginx, `127.0.0.1:${port}`)]);
  const tokens = await Promise.all(['user_A', 'user_B'].map((sub) => gate.clerk.token({ sub, exp: Math.floor(Date.now() / 1000) + 600 })));
  const [A, B] = tokens.map((token) => [{ cookie: sessionCookies(token) }, { authorization: `Bearer ${token}` }]);
  visitors = { A, B, nobody: [{}, { cookie: SIGNED_OUT_COOKIES }] };
});
after(async () => {
  await Promise.all([guarded?.stop(), bare?.stop(), gate?.stop()]);
  origin?.closeAllConnections();
  await new Promise((resolve) => (origin ? origin.close(resolve) : resolve(undefined)));
});

/** @param {{ url: string }} cache @param {string} path @param {Record<string, string>} headers */
async function get(cache, path, headers) {
  const response = await fetch(cache.url + path, { headers, redirect: 'manual' });
  return { status: response.status, text: await response.text(), cache: response.headers.get('x-cache'), headers: response.headers };
}

let fresh = 0;
/** A path that no cache has seen. @param {string} path @param {string} kind */
const anew = (path, kind) => `${path}/${(fresh += 1)}?kind=${encodeURIComponent(kind)}`;

describe('a shared cache before the gate', { skip }, () => {
  for (const kind of Object.keys(KEPT)) {
    test(`${kind}: A’s private page is served to nobody else, nor is anybody’s to A`, async () => {
      for (const [index, headers] of visitors.A.entries()) {
        const path = anew('/api/protected', kind);
        for (let time = 0; time < 2; time += 1) {
          const own = await get(guarded, path, headers);
          assert.deepEqual([own.status, own.text, own.cache], [200, 'for user_A', 'MISS']);
          assert.match(own.headers.get('cache-control') ?? '', /^private/);
          for (const name of ['x-accel-expires', 'cdn-cache-control', 'cloudflare-cdn-cache-control', 'surrogate-control']) assert.equal(own.headers.get(name), null);
        }
        assert.equal((await get(guarded, path, visitors.B[index])).text, 'for user_B');
        for (const nobody of visitors.nobody) assert.equal((await get(guarded, path, nobody)).status, 401);
        assert.equal((await get(guarded, path, headers)).text, 'for user_A', 'a refusal was kept');
      }
    });

    test(`${kind}: what a public page says to A is served to nobody else`, async () => {
      const path = anew('/api/public', kind);
      assert.equal((await get(guarded, path, visitors.A[0])).text, 'for user_A');
      assert.equal((await get(guarded, path, visitors.B[1])).text, 'for user_B');
      assert.equal((await get(guarded, path, {})).text, 'for nobody');
    });
  }

  test('what a public page says while the keys cannot be had is kept by nobody', async () => {
    const cold = await startGate({ policy: { origin: `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (origin.address()).port}` } });
    const cache = await startCache(String(nginx), `127.0.0.1:${cold.worker.port}`);
    try {
      cold.clerk.respondWith((_, response) => response.writeHead(500).end());
      const path = anew('/api/public', 'public, max-age');
      for (let time = 0; time < 2; time += 1) assert.equal((await get(cache, path, visitors.A[0])).cache, 'MISS');
    } finally {
      await cache.stop();
      await cold.stop();
    }
  });

  test('redirects and refusals are not kept', async () => {
    const document = { accept: 'text/html', 'sec-fetch-dest': 'document', cookie: SIGNED_OUT_COOKIES };
    for (let time = 0; time < 2; time += 1) {
      const page = await get(guarded, '/dashboard/redirected', document);
      assert.deepEqual([page.status, page.cache], [307, 'MISS']);
      const api = await get(guarded, '/api/protected/refused', {});
      assert.deepEqual([api.status, api.cache], [401, 'MISS']);
    }
    assert.equal((await get(guarded, '/dashboard/redirected', { ...document, cookie: visitors.A[0].cookie })).text, 'for user_A');
  });

  test('public files are kept for everybody', async () => {
    const path = '/assets/app.js?kind=public%2C%20max-age';
    assert.equal((await get(guarded, path, {})).cache, 'MISS');
    for (const headers of [{}, visitors.nobody[1], visitors.A[0], visitors.B[1]]) {
      const file = await get(guarded, path, headers);
      assert.deepEqual([file.status, file.text, file.cache], [200, 'for nobody', 'HIT']);
    }
  });
});

describe('the same cache without the gate', { skip }, () => {
  // nginx before 1.23 obeys `private` here; others prefer the field of their own.
  for (const kind of Object.keys(KEPT).filter((kind) => kind !== 'X-Accel-Expires against private')) {
    test(`${kind}: A’s page is served to B and to who is signed out`, async () => {
      const path = anew('/api/protected', kind);
      assert.equal((await get(bare, path, visitors.A[0])).text, 'for user_A');
      for (const headers of [visitors.B[0], {}]) {
        const leaked = await get(bare, path, headers);
        assert.deepEqual([leaked.text, leaked.cache], ['for user_A', 'HIT']);
      }
    });
  }
});
