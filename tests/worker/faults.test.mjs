// Faults that a gate has to survive, through the built Worker in workerd. What other files show already is listed in docs/faults.md.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { exportJWK, generateKeyPair } from 'jose';

import { json } from '../support/clerk.mjs';
import { sessionCookies, startGate, withGate } from '../support/gate.mjs';
import { listen } from '../support/listen.mjs';
import { startWorker } from '../support/workerd.mjs';

/** A Worker that does nothing but hand through. */
const PASS_THROUGH = 'export default { fetch: (request, env) => fetch(new Request(env.ORIGIN_URL + new URL(request.url).pathname, request)) };';

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */

describe('a Backend API that takes ten seconds', () => {
  const slow = (/** @type {Gate} */ gate) =>
    gate.clerk.respondWith((_, response) => {
      const timer = setTimeout(() => json(response, 200, { keys: [gate.clerk.jwk] }), 10_000);
      response.once('close', () => clearTimeout(timer));
    });

  test('from the start: 503 long before, public pages at once, and keys when it is fast again', () =>
    withGate({}, async (gate) => {
      slow(gate);
      const token = await gate.clerk.token({ exp: Math.floor(Date.now() / 1000) + 120 });
      const refused = gate.request('/api/protected', { token });
      const open = await Promise.race([gate.request('/'), refused]);
      assert.equal(open.status, 200, 'a public page waited for the keys');
      const response = await refused;
      assert.equal(response.status, 503);
      assert.equal(response.headers.get('retry-after'), '5');
      assert.ok(gate.origin.seen.every(({ url }) => url === '/'));
      gate.clerk.respondWith(undefined);
      await sleep(5_500);
      assert.equal((await gate.request('/api/protected', { token })).status, 200);
    }));

  test('later: known keys go on without waiting', () =>
    withGate({}, async (gate) => {
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
      slow(gate);
      const unknown = gate.request('/api/protected', { token: await gate.clerk.token({}, { kid: 'ins_unknown' }) });
      const known = await Promise.race([gate.request('/api/protected', { token: await gate.clerk.token({ sid: 'sess_2' }) }), unknown]);
      assert.equal(known.status, 200);
      assert.equal((await unknown).status, 503);
    }));
});

describe('keys that are rotated while the gate runs', () => {
  test('the new key is good with its first token; the old one is good until it leaves the set, and not after', () =>
    withGate({}, async (gate) => {
      const pair = await generateKeyPair('RS256', { extractable: true });
      const next = { ...(await exportJWK(pair.publicKey)), kid: 'ins_next', alg: 'RS256', use: 'sig' };
      const old = await gate.clerk.token();
      const fresh = await gate.clerk.token({}, { kid: 'ins_next' }, pair.privateKey);
      assert.equal((await gate.request('/api/protected', { token: old })).status, 200);
      gate.clerk.respondWith((_, response) => json(response, 200, { keys: [gate.clerk.jwk, next] }));
      assert.equal((await gate.request('/api/protected', { token: fresh })).status, 200);
      assert.equal((await gate.request('/api/protected', { token: old })).status, 200);
      assert.equal(gate.clerk.calls.length, 2);
    }));

  test('a key that was withdrawn is worth nothing, remembered tokens included', () =>
    withGate({}, async (gate) => {
      const pair = await generateKeyPair('RS256', { extractable: true });
      const next = { ...(await exportJWK(pair.publicKey)), kid: 'ins_next', alg: 'RS256', use: 'sig' };
      const old = await gate.clerk.token();
      for (let time = 0; time < 2; time += 1) assert.equal((await gate.request('/api/protected', { token: old })).status, 200);
      gate.clerk.respondWith((_, response) => json(response, 200, { keys: [next] }));
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({}, { kid: 'ins_next' }, pair.privateKey) })).status, 200);
      gate.origin.clear();
      const page = await gate.request('/dashboard', { document: true, cookies: sessionCookies(old) });
      const api = await gate.request('/api/protected', { token: old });
      assert.equal(page.status, 307);
      assert.equal(api.status, 401);
      assert.equal((await api.json()).reason, 'jwk-kid-mismatch');
      assert.deepEqual(gate.origin.seen, []);
    }));

  test('the old key’s name over another key makes no old token good', () =>
    withGate({}, async (gate) => {
      const pair = await generateKeyPair('RS256', { extractable: true });
      const replaced = { ...(await exportJWK(pair.publicKey)), kid: gate.clerk.jwk.kid, alg: 'RS256', use: 'sig' };
      gate.clerk.respondWith((_, response) => json(response, 200, { keys: [replaced] }));
      const response = await gate.request('/api/protected', { token: await gate.clerk.token() });
      assert.equal(response.status, 401);
      assert.equal((await response.json()).reason, 'token-invalid-signature');
    }));
});

describe('an origin in trouble', () => {
  /** @type {import('node:http').Server} */
  let origin;
  let address = '';
  /** @type {Gate} */
  let gate;
  before(async () => {
    origin = createServer((request, response) => {
      const socket = response.socket;
      switch (request.url) {
        case '/api/public/slow':
          return void setTimeout(() => response.end('late'), 3_000);
        case '/api/public/silent':
          return socket?.destroy();
        case '/api/public/reset-in-head':
          socket?.write('HTTP/1.1 200 OK\r\nContent-Ty');
          return socket?.destroy();
        case '/api/public/reset-in-counted-body':
          response.writeHead(200, { 'content-length': '100000' });
          response.write('half');
          return void setTimeout(() => socket?.resetAndDestroy(), 50);
        case '/api/public/reset-in-chunked-body':
          response.writeHead(200, { 'content-type': 'text/plain' });
          response.write('half');
          return void setTimeout(() => socket?.resetAndDestroy(), 50);
        case '/api/public/reset-in-upload':
          return void request.once('data', () => socket?.resetAndDestroy());
        case '/api/public/no-http':
          socket?.write('this is no HTTP\r\n\r\n');
          return socket?.destroy();
        default:
          response.end('ok');
      }
    });
    const port = await listen(origin);
    address = `http://127.0.0.1:${port}`;
    gate = await startGate({ policy: { origin: address } });
  });
  after(async () => {
    await gate?.stop();
    origin?.closeAllConnections();
    await new Promise((resolve) => origin.close(resolve));
  });
  const works = async () => assert.equal(await (await gate.request('/api/public/x')).text(), 'ok');

  for (const path of ['silent', 'reset-in-head', 'no-http']) {
    test(`${path}: 502, not stored anywhere, and the next request works`, async () => {
      const api = await gate.request(`/api/public/${path}`, { token: await gate.clerk.token() });
      assert.equal(api.status, 502);
      assert.equal(api.headers.get('cache-control'), 'no-store');
      assert.equal((await api.json()).reason, 'origin-unreachable');
      assert.match(gate.worker.log(), /"event":"origin-unreachable"/);
      await works();
    });
  }

  test('reset in a body of known length: the visitor never takes the half for the whole, and the next request works', async () => {
    for (const token of [undefined, await gate.clerk.token()]) {
      const response = await gate.request('/api/public/reset-in-counted-body', { token });
      assert.equal(response.status, 200);
      await assert.rejects(response.text(), 'a body that broke off ended as if it were whole');
      await works();
    }
  });

  test('reset in a body of unknown length: as the platform has it without a gate, and the next request works', async () => {
    const outcome = (/** @type {Response} */ response) => response.text().catch(() => 'broken off');
    const dir = await mkdtemp(join(tmpdir(), 'portcullis-plain-'));
    await writeFile(join(dir, 'index.js'), PASS_THROUGH);
    const plain = await startWorker({ env: { ORIGIN_URL: address }, dir });
    try {
      const expected = await outcome(await fetch(`${plain.url}/api/public/reset-in-chunked-body`));
      assert.ok(['half', 'broken off'].includes(expected), expected);
      for (const token of [undefined, await gate.clerk.token()]) {
        assert.equal(await outcome(await gate.request('/api/public/reset-in-chunked-body', { token })), expected);
        await works();
      }
    } finally {
      await plain.stop();
      await rm(dir, { recursive: true, force: true });
    }
  });

  test('reset in the middle of an upload: 502, and the next request works', async () => {
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024));
        await sleep(5);
      },
    });
    const upload = gate.request('/api/public/reset-in-upload', /** @type {any} */ ({ method: 'POST', body, duplex: 'half' }));
    const status = await upload.then((response) => response.status, () => 'hung up');
    assert.ok(status === 502 || status === 'hung up', String(status));
    await works();
  });

  test('slow: others are not held up, and the late answer arrives', async () => {
    const late = gate.request('/api/public/slow');
    const first = await Promise.race([late, gate.request('/api/public/x')]);
    assert.equal(await first.text(), 'ok');
    assert.equal(await (await late).text(), 'late');
  });

  test('a visitor that goes away in the middle costs nobody else anything', async () => {
    const gone = new AbortController();
    const left = gate.request('/api/public/slow', { signal: gone.signal });
    await sleep(100);
    gone.abort();
    await assert.rejects(left);
    await works();
  });
});
