// Requests that another site's page made a browser send, through the built Worker in workerd.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { sessionCookies, startGate } from '../support/gate.mjs';
import { tellOfPeople } from '../support/people.mjs';
import { OUTAGES } from '../support/session.mjs';

const TRUSTED = 'https://app.example.com';
const POLICY = {
  authorized_parties: [TRUSTED, 'https://*.preview.example.com'],
  missing_azp: 'observe',
  rules: [
    { match: '/api/callback', csrf: false },
    { match: '/login', methods: ['POST'], access: 'public', csrf: true },
    { match: '/login', access: 'public' },
  ],
};

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {string} */
let cookies;
before(async () => {
  gate = await startGate({ policy: POLICY });
  cookies = sessionCookies(await gate.clerk.token({ azp: TRUSTED }));
});
after(() => gate.stop());
beforeEach(() => gate.origin.clear());

/** @param {string} path @param {Record<string, string>} headers @param {RequestInit & { token?: string, cookies?: string, document?: boolean }} [init] */
const post = (path, headers, init) => gate.request(path, { method: 'POST', body: 'a=1', cookies, headers, ...init });

/** Sends a request with headers that `fetch` does not let through, and nothing that it adds. @param {string[]} lines */
const raw = async (lines) => (await gate.raw([...lines, `Host: ${new URL(gate.url).host}`, `Cookie: ${cookies}`, 'Connection: close', '', ''].join('\r\n'))).status;

describe('an unsafe request with a session from cookies', () => {
  const refused = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'anything' },
    // What a page says of itself counts before what the browser says of the request.
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    // Neither the beginning nor the end of a trusted origin is one.
    { origin: `${TRUSTED}.evil.example` },
    { origin: 'https://evil.example/https://app.example.com' },
    { origin: 'https://a.b.preview.example.com' },
    { origin: 'http://app.example.com' },
    { origin: `${TRUSTED}, https://evil.example` },
  ];
  for (const headers of refused) {
    test(`is refused with ${JSON.stringify(headers)}`, async () => {
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        const response = await post('/api/protected', headers, { method });
        assert.equal(response.status, 403);
        assert.equal((await response.json()).reason, 'cross-site-request');
      }
      assert.deepEqual(gate.origin.seen, []);
    });
  }

  const allowed = () => [
    { origin: gate.url },
    { origin: TRUSTED },
    { origin: 'https://pr-7.preview.example.com' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: 'null', 'sec-fetch-site': 'same-origin' },
    {},
  ];
  test('is forwarded from the own origin, an authorized party, the address bar, and what is no browser', async () => {
    for (const headers of allowed()) {
      const response = await post('/api/protected', headers);
      assert.equal(response.status, 200, JSON.stringify(headers));
    }
  });

  test('gets a page that says so where it is a form', async () => {
    const response = await post('/dashboard', { origin: 'https://evil.example' }, { document: true });
    assert.equal(response.status, 403);
    assert.match(await response.text(), /Cross-site request refused/);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(gate.origin.seen, []);
  });

  test('is refused before anything is said about roles', async () => {
    const response = await post('/api/admin/users', { origin: 'https://evil.example' });
    assert.equal((await response.json()).reason, 'cross-site-request');
  });

  test('the log names the origin', async () => {
    await post('/api/protected', { origin: 'https://evil.example' });
    assert.match(gate.worker.log(), /`Origin` is `https:\/\/evil\.example`, expected the request's own origin or an authorized party/);
  });
});

describe('a link with a method in its query', () => {
  // A link is a GET, and browsers send even Lax cookies along; an origin that overrides methods runs another handler for it.
  test('is the unsafe request that the origin may take it for', async () => {
    for (const query of ['_method=DELETE', '_method=delete', '%5Fmethod=POST', '_method=GET&_method=PUT', '_method=ANYTHING']) {
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
        const response = await gate.request(`/api/protected?${query}`, { cookies, headers });
        assert.equal(response.status, 403, query);
        assert.equal((await response.json()).reason, 'cross-site-request');
      }
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('is forwarded from the site itself, and where it names a read', async () => {
    assert.equal((await gate.request('/api/protected?_method=DELETE', { cookies, headers: { 'sec-fetch-site': 'same-origin' } })).status, 200);
    for (const query of ['_method=HEAD', '_method=', 'method=DELETE']) {
      assert.equal((await gate.request(`/api/protected?${query}`, { cookies, headers: { 'sec-fetch-site': 'cross-site' } })).status, 200, query);
    }
  });
});

describe('what is not checked', () => {
  test('reads and preflights', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const response = await gate.request('/api/protected', { method, cookies, headers: { origin: 'https://evil.example' } });
      assert.equal(response.status, 200, method);
    }
  });

  test('a token in the Authorization header: no page can make a browser add it', async () => {
    const token = await gate.clerk.token({ azp: TRUSTED });
    assert.equal((await post('/api/protected', { origin: 'https://evil.example' }, { cookies: undefined, token })).status, 200);
    // With cookies beside it the header is still what counts.
    assert.equal((await post('/api/protected', { origin: 'https://evil.example' }, { token })).status, 200);
  });

  test('public paths', async () => {
    assert.equal((await post('/api/public/ping', { origin: 'https://evil.example' })).status, 200);
  });

  test('a rule that says so', async () => {
    assert.equal((await post('/api/callback', { origin: 'https://idp.example' })).status, 200);
    // Another reading of the path is not the rule's alone.
    assert.equal((await post('/api/callback/..%2fprotected', { origin: 'https://idp.example' })).status, 403);
  });
});

test('a public rule can ask for the check, which concerns signed-in visitors only', async () => {
  assert.equal((await post('/login', { origin: 'https://evil.example' })).status, 403);
  assert.equal((await post('/login', { origin: 'https://evil.example' }, { cookies: undefined })).status, 200);
  assert.equal((await post('/login', { origin: gate.url })).status, 200);
});

describe('where nobody can tell whose session it is', () => {
  const headers = { origin: 'https://evil.example' };

  test('the app may be able to, so a foreign page is refused all the same', async () => {
    for (const enforce of [true, false]) {
      const dark = await startGate({ policy: { ...POLICY, enforce } });
      try {
        const cookies = sessionCookies(await dark.clerk.token({ azp: TRUSTED }));
        await dark.clerk.stop();
        const asked = async (/** @type {string} */ path, /** @type {Record<string, string>} */ headers) => (await dark.request(path, { method: 'POST', body: 'a', cookies, headers })).status;
        assert.deepEqual([await asked('/login', headers), await asked('/api/protected', headers)], [403, 403], `enforce ${enforce}`);
        assert.deepEqual(dark.origin.seen, []);
        assert.deepEqual([await asked('/login', { origin: dark.url }), await asked('/api/protected', { origin: dark.url })], [200, enforce ? 503 : 200], `enforce ${enforce}`);
      } finally {
        await dark.stop().catch(() => undefined);
      }
    }
  });

  test('nor what a fresh rule knows is one that the app does', async () => {
    const fresh = await startGate({ policy: { ...POLICY, enforce: false, rules: [{ match: '/api/fresh', fresh: true }] } });
    try {
      const people = tellOfPeople(fresh.clerk);
      const asked = async (/** @type {string} */ sid, /** @type {Record<string, string>} */ headers) =>
        (await fresh.request('/api/fresh', { method: 'POST', body: 'a', cookies: sessionCookies(await fresh.clerk.token({ azp: TRUSTED, sub: 'user_1', sid })), headers })).status;
      people.sessions.sess_2 = { ...people.sessions.sess_1, status: 'revoked' };
      people.instead = { '/v1/sessions/sess_3': OUTAGES['says 500'] };
      for (const sid of ['sess_1', 'sess_2', 'sess_3']) {
        assert.deepEqual([await asked(sid, headers), await asked(sid, { origin: fresh.url })], [403, 200], sid);
      }
    } finally {
      await fresh.stop();
    }
  });
});

test('a WebSocket of a foreign page is not opened: browsers ask nobody before they send the cookies', async () => {
  const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  for (const destination of [[], ['Sec-Fetch-Dest: websocket'], ['Sec-Fetch-Dest: empty']]) {
    assert.equal(await raw(['GET /api/protected HTTP/1.1', ...upgrade, ...destination, 'Origin: https://evil.example']), 403);
  }
  assert.deepEqual(gate.origin.seen, []);
});

describe('`csrf = false` for all', () => {
  test('leaves the check to the app, but for rules that ask for it', async () => {
    const open = await startGate({ policy: { ...POLICY, csrf: false, rules: [{ match: '/api/pay', csrf: true }] } });
    try {
      const cookies = sessionCookies(await open.clerk.token({ azp: TRUSTED }));
      const headers = { origin: 'https://evil.example' };
      assert.equal((await open.request('/api/protected', { method: 'POST', body: 'a', cookies, headers })).status, 200);
      assert.equal((await open.request('/api/pay', { method: 'POST', body: 'a', cookies, headers })).status, 403);
    } finally {
      await open.stop();
    }
  });
});
