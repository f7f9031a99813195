// A Backend API that does not end, through the built Worker in workerd.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { sessionCookies, startGate } from '../support/gate.mjs';
import { ONE_CALL_MS, OVERHEAD_MS, REDEEM, REFRESH, backend, expiredCookies, gate, now, useGates } from '../support/session.mjs';

useGates();

describe('a Backend API that does not end', () => {
  /** @type {Record<string, (response: import('node:http').ServerResponse) => unknown>} */
  const slow = {
    'never answers': () => {},
    'begins an answer and stops': (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{"'),
    'sends a byte now and then': (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 250);
      response.once('close', () => clearInterval(timer));
    },
  };

  /** @param {Promise<Response>} request @param {number} calls @returns {Promise<Response>} */
  async function bounded(request, calls) {
    const started = performance.now();
    const limit = calls * ONE_CALL_MS + OVERHEAD_MS;
    const response = await Promise.race([request, sleep(limit, undefined, { ref: false })]);
    assert.ok(response, `no answer within ${limit} ms`);
    assert.ok(performance.now() - started > ONE_CALL_MS - 500, 'the call was not waited for');
    return response;
  }

  for (const [name, answer] of Object.entries(slow)) {
    test(`${name}: each request is answered in time`, async () => {
      backend({ [REDEEM]: answer, [REFRESH]: answer });
      const good = sessionCookies(await gate.clerk.token({ exp: now() + 120 }));
      const { cookies } = await expiredCookies();
      const nonce = '?__clerk_handshake_nonce=n';
      const [goodNonce, lostNonce, openNonce, page, api] = await Promise.all([
        bounded(gate.request(`/dashboard${nonce}`, { document: true, cookies: good }), 1),
        bounded(gate.request(`/dashboard${nonce}`, { document: true }), 1),
        bounded(gate.request(`/${nonce}`, { document: true }), 1),
        bounded(gate.request('/settings', { document: true, cookies }), 1),
        bounded(gate.request('/api/protected', { cookies }), 1),
      ]);
      assert.equal(goodNonce.status, 200);
      assert.equal(lostNonce.status, 503);
      assert.equal(lostNonce.headers.get('retry-after'), '5');
      assert.equal((await openNonce.json()).headers['x-portcullis-auth-status'], 'unknown');
      assert.equal(page.status, 307);
      assert.match(page.headers.get('location') ?? '', /__clerk_hs_reason=session-token-expired-refresh-fetch-error/);
      assert.equal(api.status, 401);
      assert.match((await api.json()).reason, /fetch-error$/);
    });
  }

  test('never gives its keys: all who wait for them are answered in time', async () => {
    const cold = await startGate();
    try {
      backend({ 'GET /v1/jwks': slow['never answers'] }, cold);
      const token = await cold.clerk.token({ exp: now() + 120 });
      // The key set is asked for twice, by one of them for all.
      const responses = await Promise.all([
        bounded(cold.request('/api/protected', { token }), 2),
        bounded(cold.request('/dashboard', { document: true, cookies: sessionCookies(token) }), 2),
        bounded(cold.request('/settings', { document: true, cookies: sessionCookies(token) }), 2),
        bounded(cold.request('/api/admin/stats', { token }), 2),
      ]);
      for (const response of responses) {
        assert.equal(response.status, 503);
        assert.equal(response.headers.get('retry-after'), '5');
      }
      assert.deepEqual(cold.origin.seen, []);
      assert.deepEqual(cold.clerk.calls, ['GET /v1/jwks', 'GET /v1/jwks']);
    } finally {
      await cold.stop();
    }
  });
});
