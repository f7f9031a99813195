// What the gate adds to answers: security headers, a content policy, CORS. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { ISSUER } from '../support/clerk.mjs';
import { startGate } from '../support/gate.mjs';

const APP = 'https://app.example.com';

test('nothing is added by default', async () => {
  const gate = await startGate();
  try {
    const { headers } = await gate.request('/', { headers: { origin: APP } });
    for (const name of ['strict-transport-security', 'content-security-policy', 'access-control-allow-origin', 'x-frame-options']) assert.equal(headers.get(name), null, name);
    assert.equal((await gate.request('/', { method: 'OPTIONS', headers: { origin: APP, 'access-control-request-method': 'GET' } })).status, 200);
    assert.equal(gate.origin.seen.at(-1).method, 'OPTIONS');
  } finally {
    await gate.stop();
  }
});

describe('security headers', () => {
  test('are on every answer, each as it was set', async () => {
    const gate = await startGate({ policy: { security_headers: { hsts: 'max-age=60', opener_policy: false } } });
    try {
      for (const path of ['/', '/dashboard']) {
        const { headers } = await gate.request(path);
        assert.equal(headers.get('strict-transport-security'), 'max-age=60');
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.equal(headers.get('referrer-policy'), 'strict-origin-when-cross-origin');
        assert.equal(headers.get('x-frame-options'), 'SAMEORIGIN');
        assert.equal(headers.get('cross-origin-opener-policy'), null);
      }
    } finally {
      await gate.stop();
    }
  });
});

test('the preset of security headers is what docs/answers.md says', async () => {
  const table = (await readFile(new URL('../../docs/answers.md', import.meta.url), 'utf8')).split('## Security headers')[1];
  const preset = [...table.matchAll(/^\| `\w+` \| `([\w-]+)` \| `([^`]+)`/gm)];
  assert.equal(preset.length, 5);
  const gate = await startGate({ policy: { security_headers: true } });
  try {
    const { headers } = await gate.request('/');
    for (const [, name, value] of preset) assert.equal(headers.get(name), value, name);
  } finally {
    await gate.stop();
  }
});

test('a content policy is by default what Clerk needs, and nothing more', async () => {
  const gate = await startGate({ policy: { csp: {} } });
  try {
    const policy = (await gate.request('/')).headers.get('content-security-policy') ?? '';
    assert.deepEqual(policy.split('; ').sort(), [
      "base-uri 'self'",
      `connect-src 'self' ${ISSUER}`,
      "default-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'self'",
      "frame-src 'self' https://challenges.cloudflare.com",
      "img-src 'self' data: https://img.clerk.com",
      "object-src 'none'",
      `script-src 'self' 'unsafe-inline' https://challenges.cloudflare.com ${ISSUER}`,
      "style-src 'self' 'unsafe-inline'",
      "worker-src 'self' blob:",
    ]);
  } finally {
    await gate.stop();
  }
});

test('what the app says of itself stands, but for who may read it', async () => {
  const gate = await startGate({ policy: { security_headers: true, csp: { services: ['payments'] }, cors: { origins: [APP] } } });
  try {
    const { headers } = await gate.request('/api/public/own-headers', { headers: { origin: 'https://evil.example' } });
    assert.equal(headers.get('content-security-policy'), "default-src 'none'");
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('access-control-allow-origin'), null);
    assert.equal(headers.get('access-control-allow-credentials'), null);
    assert.equal(headers.get('vary'), 'Accept, Origin');
    // With credentials nobody may read it unless the settings say so, whatever the app says.
    for (const init of [{ headers: { origin: APP } }, { method: 'OPTIONS', headers: { origin: APP, 'access-control-request-method': 'GET' } }]) {
      const { headers: listed } = await gate.request('/api/public/own-headers', init);
      assert.equal(listed.get('access-control-allow-origin'), APP);
      assert.equal(listed.get('access-control-allow-credentials'), null);
    }
    assert.match((await gate.request('/')).headers.get('content-security-policy') ?? '', /frame-src [^;]*https:\/\/js\.stripe\.com/);
  } finally {
    await gate.stop();
  }
});

describe('a strict content policy', () => {
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  before(async () => {
    gate = await startGate({ policy: { csp: { mode: 'strict', directives: { 'connect-src': ['https://api.example.com'] } } } });
  });
  after(() => gate.stop());
  beforeEach(() => gate.origin.clear());

  test('gives each answer a nonce of its own and tells the origin, whatever the client says', async () => {
    const nonces = new Set();
    for (let n = 0; n < 3; n += 1) {
      const { headers } = await gate.request('/', { headers: { 'x-nonce': 'evil', x_nonce: 'evil', 'content-security-policy': "script-src 'nonce-evil'" } });
      const policy = headers.get('content-security-policy') ?? '';
      const nonce = /script-src 'self' 'strict-dynamic' 'nonce-([0-9a-f]{32})'(;|$)/.exec(policy)?.[1];
      assert.ok(nonce, policy);
      nonces.add(nonce);
      const seen = gate.origin.seen.at(-1).headers;
      assert.equal(seen['x-nonce'], nonce);
      assert.equal(seen['content-security-policy'], policy);
      assert.equal(seen['x_nonce'], undefined);
      assert.match(policy, /connect-src 'self' https:\/\/\S+ https:\/\/api\.example\.com/);
      assert.match(policy, /img-src [^;]*https:\/\/img\.clerk\.com/);
      assert.match(policy, /frame-src 'self' https:\/\/challenges\.cloudflare\.com/);
      assert.match(policy, /worker-src 'self' blob:/);
    }
    assert.equal(nonces.size, 3);
  });

  test('does not loosen the gate\'s own pages', async () => {
    const page = await gate.request('/a%00b', { document: true });
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
  });

  test('only reports where it is asked to', async () => {
    const trial = await startGate({ policy: { csp: { report_only: true } } });
    try {
      const { headers } = await trial.request('/', { headers: { 'x-nonce': 'evil' } });
      assert.equal(headers.get('content-security-policy'), null);
      assert.match(headers.get('content-security-policy-report-only') ?? '', /script-src 'self' 'unsafe-inline'/);
      assert.equal(trial.origin.seen.at(-1).headers['x-nonce'], undefined);
    } finally {
      await trial.stop();
    }
  });
});

describe('CORS', () => {
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  before(async () => {
    gate = await startGate({ policy: { cors: { origins: [APP], credentials: true, methods: ['GET', 'POST'] } } });
  });
  after(() => gate.stop());
  beforeEach(() => gate.origin.clear());

  /** @param {string} path @param {string} origin */
  const preflight = (path, origin) => gate.request(path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });

  test('answers preflights at the edge, also of paths that need a session', async () => {
    for (const path of ['/', '/api/protected', '/admin']) {
      const { status, headers } = await preflight(path, APP);
      assert.equal(status, 204);
      assert.equal(headers.get('access-control-allow-origin'), APP);
      assert.equal(headers.get('access-control-allow-credentials'), 'true');
      assert.equal(headers.get('access-control-allow-methods'), 'GET, POST');
      assert.match(headers.get('vary') ?? '', /Origin/);
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('allows nobody who is not on the list, in no spelling', async () => {
    for (const origin of ['https://evil.example', 'null', `${APP}.evil.example`, 'http://app.example.com', 'https://APP.example.com', `${APP}/`, '*']) {
      const asked = await preflight('/api/protected', origin);
      assert.equal(asked.headers.get('access-control-allow-origin'), null, origin);
      assert.equal(asked.headers.get('access-control-allow-credentials'), null, origin);
      const { headers } = await gate.request('/', { headers: { origin } });
      assert.equal(headers.get('access-control-allow-origin'), null, origin);
      assert.match(headers.get('vary') ?? '', /Origin/);
    }
  });

  test('lets a listed page read answers and refusals', async () => {
    for (const path of ['/', '/api/protected']) {
      const { headers } = await gate.request(path, { headers: { origin: APP } });
      assert.equal(headers.get('access-control-allow-origin'), APP);
      assert.match(headers.get('vary') ?? '', /Origin/);
    }
  });

  test('an OPTIONS request that is no preflight is judged like any other', async () => {
    assert.equal((await gate.request('/api/protected', { method: 'OPTIONS' })).status, 401);
  });

  test('an allowed page still cannot act with cookies unless it is an authorized party', async () => {
    const { sessionCookies } = await import('../support/gate.mjs');
    const cookies = sessionCookies(await gate.clerk.token());
    const response = await gate.request('/api/protected', { method: 'POST', body: 'a', cookies, headers: { origin: 'https://evil.example' } });
    assert.equal(response.status, 403);
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    // One that is allowed to read answers may read the refusal, and nothing more.
    const refused = await gate.request('/api/protected', { method: 'POST', body: 'a', cookies, headers: { origin: APP } });
    assert.equal(refused.status, 403);
    assert.equal((await refused.json()).reason, 'cross-site-request');
    assert.equal(refused.headers.get('access-control-allow-origin'), APP);
    assert.ok(gate.origin.seen.every(({ method }) => method !== 'POST'));
  });
});
