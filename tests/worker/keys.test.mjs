// Where keys come from, how often they are fetched, and what happens while they cannot be had.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { generateKeyPair } from 'jose';

import { json } from '../support/clerk.mjs';
import { SIGNED_OUT_COOKIES, sessionCookies, withGate } from '../support/gate.mjs';

describe('the Backend API’s key set', () => {
  test('is fetched once for many tokens', () =>
    withGate({}, async (gate) => {
      for (let i = 0; i < 5; i += 1) {
        assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({ sid: `sess_${i}` }) })).status, 200);
      }
      assert.deepEqual(gate.clerk.calls, ['GET /v1/jwks']);
    }));

  test('is fetched once for 64 requests at a time', () =>
    withGate({}, async (gate) => {
      gate.clerk.respondWith((_, response) => setTimeout(() => json(response, 200, { keys: [gate.clerk.jwk] }), 200));
      const token = await gate.clerk.token();
      const statuses = await Promise.all(Array.from({ length: 64 }, async () => (await gate.request('/api/protected', { token })).status));
      assert.deepEqual(new Set(statuses), new Set([200]));
      assert.deepEqual(gate.clerk.calls, ['GET /v1/jwks']);
    }));

  test('is fetched at most once more for a flood of unknown kids, and known ones go on', () =>
    withGate({}, async (gate) => {
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
      for (let i = 0; i < 20; i += 1) {
        assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({}, { kid: `ins_${i}` }) })).status, 401);
      }
      assert.ok(gate.clerk.calls.length <= 2, `${gate.clerk.calls.length} fetches`);
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
    }));

  test('is not fetched for what is no token, nor for public paths', () =>
    withGate({}, async (gate) => {
      await gate.request('/api/protected', { token: 'nonsense' });
      await gate.request('/');
      await gate.request('/dashboard', { document: true, cookies: SIGNED_OUT_COOKIES });
      assert.deepEqual(gate.clerk.calls, []);
    }));
});

describe('while the Backend API is of no use', () => {
  const troubles = {
    'it says 500': (_, response) => json(response, 500, { errors: [] }),
    'it says 500 in prose': (_, response) => response.writeHead(500).end('oops'),
    'its key set is not JSON': (_, response) => response.writeHead(200).end('<html>'),
    'its key set is null': (_, response) => json(response, 200, null),
    'its key set has no keys': (_, response) => json(response, 200, { keys: [] }),
    'it hangs up': (request) => request.socket.destroy(),
    'it redirects': (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    'it refuses the secret key': (_, response) => json(response, 401, { errors: [{ code: 'clerk_key_invalid', message: 'no' }] }),
    'it sends two megabytes': (_, response) => response.writeHead(200).end('x'.repeat(2 * 1024 * 1024)),
  };
  for (const [name, respond] of Object.entries(troubles)) {
    test(`${name}: protected is 503, public goes on, nobody is sent to sign-in`, () =>
      withGate({}, async (gate) => {
        gate.clerk.respondWith(respond);
        const token = await gate.clerk.token();
        const api = await gate.request('/api/protected', { token });
        assert.equal(api.status, 503);
        assert.equal(api.headers.get('retry-after'), '5');
        assert.match(api.headers.get('content-type') ?? '', /^application\/problem\+json/);
        const page = await gate.request('/dashboard', { document: true, cookies: sessionCookies(token) });
        assert.equal(page.status, 503);
        assert.deepEqual(gate.origin.seen, []);
        const open = await gate.request('/api/public/x', { token });
        assert.equal(open.status, 200);
        assert.equal((await open.json()).headers['x-portcullis-auth-status'], 'unknown');
        assert.doesNotMatch(gate.worker.log(), new RegExp(token.split('.')[2]), 'a token stands in the log');
      }));
  }

  test('a key of 512 bits is never used', () =>
    withGate({}, async (gate) => {
      const weak = { kty: 'RSA', kid: gate.clerk.jwk.kid, alg: 'RS256', use: 'sig', n: Buffer.alloc(64, 0xc5).toString('base64url'), e: 'AQAB' };
      gate.clerk.respondWith((_, response) => json(response, 200, { keys: [weak] }));
      const response = await gate.request('/api/protected', { token: await gate.clerk.token() });
      assert.ok([401, 503].includes(response.status), String(response.status));
      assert.deepEqual(gate.origin.seen, []);
    }));

  test('a known key set serves on; whether an unknown kid is good cannot be told', () =>
    withGate({}, async (gate) => {
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
      gate.clerk.respondWith((request) => request.socket.destroy());
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({}, { kid: 'ins_unknown' }) })).status, 503);
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({ sid: 'sess_2' }) })).status, 200);
    }));

  test('it works again when the API is back', () =>
    withGate({}, async (gate) => {
      gate.clerk.respondWith((request) => request.socket.destroy());
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 503);
      gate.clerk.respondWith(undefined);
      await sleep(5_500);
      assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
    }));
});

describe('CLERK_JWT_KEY', () => {
  test('needs no secret key and no fetch', async () => {
    const { exportSPKI } = await import('jose');
    const pair = await generateKeyPair('RS256', { extractable: true });
    const pem = await exportSPKI(pair.publicKey);
    for (const written of [pem, pem.replaceAll('\n', '\r\n'), pem.replaceAll('\n', '')]) {
      await withGate({ env: { CLERK_JWT_KEY: written, CLERK_SECRET_KEY: undefined } }, async (gate) => {
        assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({}, {}, pair.privateKey) })).status, 200);
        assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 401);
        assert.deepEqual(gate.clerk.calls, []);
      });
    }
  });
});
