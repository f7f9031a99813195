// Every row of the decision table, through the built Worker in workerd, over HTTP, before a real origin.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { SIGNED_OUT_COOKIES, sessionCookies, startGate, withGate } from '../support/gate.mjs';

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  gate = await startGate();
});
after(() => gate.stop());
beforeEach(() => gate.origin.clear());

const admin = { metadata: { role: 'admin' } };

/** Asserts what every answer of the gate's own has in common, and that the origin saw nothing. @param {Response} response */
function assertOwnAnswer(response) {
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('vary'), 'Cookie, Authorization');
  assert.deepEqual(gate.origin.seen, []);
}

/** @param {Response} response @param {number} status @param {string} reason */
async function assertProblem(response, status, reason) {
  assert.equal(response.status, status);
  assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  const problem = await response.json();
  assert.equal(problem.status, status);
  assert.equal(problem.reason, reason);
  assert.equal(problem.type, 'about:blank');
  assertOwnAnswer(response);
}

/** @param {Response} response @param {number} status @param {string} path */
function assertSignIn(response, status, path) {
  assert.equal(response.status, status);
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(location.origin + location.pathname, `${gate.url}/sign-in`);
  assert.equal(location.searchParams.get('redirect_url'), gate.url + path);
  assertOwnAnswer(response);
}

describe('public', () => {
  test('signed out is forwarded, and the origin is told so', async () => {
    const response = await gate.request('/');
    assert.equal(response.status, 200);
    const seen = await response.json();
    assert.equal(seen.headers['x-portcullis-auth-status'], 'signed-out');
    assert.equal(seen.headers['x-portcullis-user-id'], undefined);
    assert.match(seen.headers['x-portcullis-request-id'], /^[0-9a-f]{32}$/);
  });

  test('signed in is forwarded with the identity', async () => {
    const response = await gate.request('/', { token: await gate.clerk.token() });
    const seen = await response.json();
    assert.equal(seen.headers['x-portcullis-auth-status'], 'signed-in');
    assert.equal(seen.headers['x-portcullis-user-id'], 'user_1');
    assert.equal(seen.headers['x-portcullis-session-id'], 'sess_1');
  });

  test('a bad token never blocks, and makes nobody', async () => {
    for (const token of ['nonsense', 'a.b.c', await gate.clerk.token({ exp: 1 }), await gate.clerk.token({ azp: 'https://evil.example' })]) {
      const response = await gate.request('/api/public/ping', { token });
      assert.equal(response.status, 200);
      const seen = await response.json();
      assert.equal(seen.headers['x-portcullis-auth-status'], 'signed-out');
      assert.equal(seen.headers['x-portcullis-user-id'], undefined);
    }
  });

  test('a segment boundary ends a public tree', async () => {
    await assertProblem(await gate.request('/api/publications'), 401, 'dev-browser-missing');
    assertSignIn(await gate.request('/sign-in-as/user_1', { document: true, cookies: SIGNED_OUT_COOKIES }), 307, '/sign-in-as/user_1');
  });

  test('static files by extension are open, listed ones stay what they are', async () => {
    assert.equal((await gate.request('/assets/app.js')).status, 200);
    gate.origin.clear();
    assertSignIn(await gate.request('/dashboard/app.js', { document: true, cookies: SIGNED_OUT_COOKIES }), 307, '/dashboard/app.js');
    assertSignIn(await gate.request('/admin/users.csv', { document: true, cookies: SIGNED_OUT_COOKIES }), 307, '/admin/users.csv');
    assert.equal((await gate.request('/assets/app.js', { method: 'POST' })).status, 401);
  });
});

describe('protected document', () => {
  test('signed in is forwarded', async () => {
    const response = await gate.request('/dashboard', { document: true, cookies: sessionCookies(await gate.clerk.token()) });
    assert.equal(response.status, 200);
    assert.equal((await response.json()).headers['x-portcullis-user-id'], 'user_1');
  });

  test('signed out goes to sign-in, and back to the same public URL', async () => {
    const path = '/dashboard/a%20b?x=1&y=%26';
    assertSignIn(await gate.request(path, { document: true, cookies: SIGNED_OUT_COOKIES }), 307, path);
  });

  test('a form of a signed-out user becomes a GET of the sign-in page', async () => {
    const response = await gate.request('/settings', { document: true, cookies: SIGNED_OUT_COOKIES, method: 'POST', body: 'a=1' });
    assertSignIn(response, 303, '/settings');
  });

  test('a session with tasks to do is nobody yet, and goes to its tasks', async () => {
    const cookies = sessionCookies(await gate.clerk.token({ sts: 'pending' }));
    const response = await gate.request('/dashboard', { document: true, cookies });
    assert.equal(response.status, 307);
    assert.equal(response.headers.get('location'), `${gate.url}/sign-in/tasks?redirect_url=${encodeURIComponent(`${gate.url}/dashboard`)}`);
    assert.equal((await gate.request('/api/protected', { cookies })).status, 401);
    assertOwnAnswer(response);
  });

  test('what no list names is protected', async () => {
    assertSignIn(await gate.request('/billing', { document: true, cookies: SIGNED_OUT_COOKIES }), 307, '/billing');
    await assertProblem(await gate.request('/billing'), 401, 'dev-browser-missing');
  });

  test('a session that can be renewed goes to a handshake', async () => {
    const cookies = sessionCookies(await gate.clerk.token({ exp: Math.floor(Date.now() / 1000) - 60 }));
    const response = await gate.request('/dashboard?tab=1', { document: true, cookies });
    assert.equal(response.status, 307);
    const location = new URL(response.headers.get('location') ?? '');
    assert.equal(location.origin + location.pathname, 'https://gate-test-7.clerk.accounts.dev/v1/client/handshake');
    assert.equal(location.searchParams.get('redirect_url'), `${gate.url}/dashboard?tab=1`);
    assert.match(location.searchParams.get('__clerk_hs_reason') ?? '', /^session-token-expired-refresh-/);
    assertOwnAnswer(response);
  });

  test('a browser that is not known yet goes to a handshake', async () => {
    const response = await gate.request('/dashboard', { document: true });
    assert.equal(response.status, 307);
    assert.match(response.headers.get('location') ?? '', /\/v1\/client\/handshake\?.*__clerk_hs_reason=dev-browser-missing/);
  });
});

describe('protected API or fetch', () => {
  test('signed in is forwarded', async () => {
    const response = await gate.request('/api/protected', { token: await gate.clerk.token() });
    assert.equal(response.status, 200);
    assert.equal((await response.json()).headers['x-portcullis-session-id'], 'sess_1');
  });

  test('signed out is 401 with a challenge', async () => {
    const response = await gate.request('/api/protected');
    assert.equal(response.headers.get('www-authenticate'), 'Bearer');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    await assertProblem(response, 401, 'dev-browser-missing');
  });

  test('an api pattern is never a document', async () => {
    await assertProblem(await gate.request('/api/protected', { document: true, cookies: SIGNED_OUT_COOKIES }), 401, 'session-token-and-uat-missing');
  });

  test('a fetch for a page is no document', async () => {
    const response = await gate.request('/dashboard', { headers: { accept: 'text/html', 'sec-fetch-dest': 'empty' } });
    await assertProblem(response, 401, 'dev-browser-missing');
  });

  test('a session that can be renewed is 401 with the reason', async () => {
    const cookies = sessionCookies(await gate.clerk.token({ exp: Math.floor(Date.now() / 1000) - 60 }));
    const response = await gate.request('/api/protected', { cookies });
    assert.equal(response.status, 401);
    assert.match((await response.json()).reason, /^session-token-expired-refresh-/);
  });
});

describe('admin', () => {
  test('an admin passes, page and API, and the origin learns the role', async () => {
    const token = await gate.clerk.token(admin);
    const page = await gate.request('/admin', { document: true, cookies: sessionCookies(token) });
    assert.equal((await page.json()).headers['x-portcullis-role'], 'admin');
    assert.equal((await gate.request('/api/admin/stats', { token })).status, 200);
  });

  test('a user is sent to the unauthorized page', async () => {
    for (const claims of [{}, { metadata: {} }, { metadata: { role: 'user' } }, { metadata: { role: ['admin'] } }, { metadata: 'admin' }, { 'metadata.role': 'admin' }]) {
      gate.origin.clear();
      const response = await gate.request('/admin/users', { document: true, cookies: sessionCookies(await gate.clerk.token(claims)) });
      assert.equal(response.status, 307);
      assert.equal(response.headers.get('location'), `${gate.url}/unauthorized`);
      assertOwnAnswer(response);
    }
  });

  test('a user of the API is 403', async () => {
    await assertProblem(await gate.request('/api/admin/stats', { token: await gate.clerk.token() }), 403, 'requirement-not-met');
  });

  test('signed out is as on any protected path', async () => {
    assertSignIn(await gate.request('/admin', { document: true, cookies: SIGNED_OUT_COOKIES }), 307, '/admin');
    await assertProblem(await gate.request('/api/admin/stats'), 401, 'dev-browser-missing');
  });
});

describe('rules', () => {
  const billing = { o: { id: 'org_1', slg: 'acme', rol: 'admin', per: 'manage', fpm: '1' }, fea: 'o:billing' };

  test('come before the lists, by method', async () => {
    const token = await gate.clerk.token();
    assert.equal((await gate.request('/api/billing/plan', { token })).status, 200);
    gate.origin.clear();
    await assertProblem(await gate.request('/api/billing/plan', { token, method: 'POST' }), 403, 'requirement-not-met');
  });

  test('let in who has the permission, and the origin learns the organization', async () => {
    const token = await gate.clerk.token(billing);
    const response = await gate.request('/api/billing/plan', { token, method: 'POST' });
    assert.equal(response.status, 200);
    const seen = await response.json();
    assert.equal(seen.headers['x-portcullis-org-id'], 'org_1');
    assert.equal(seen.headers['x-portcullis-org-role'], 'org:admin');
  });
});

describe('without an unauthorized page', () => {
  test('a user gets a plain 403 page', async () => {
    const other = await startGate({ policy: { unauthorized_url: undefined } });
    try {
      const response = await other.request('/admin', { document: true, cookies: sessionCookies(await other.clerk.token()) });
      assert.equal(response.status, 403);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
      assert.match(await response.text(), /<h1>Not allowed<\/h1>/);
    } finally {
      await other.stop();
    }
  });
});

describe('the gate’s own endpoints', () => {
  test('health answers', async () => {
    const response = await gate.request('/.well-known/portcullis/health');
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { status: 'ok' });
  });

  test('nothing beside them reaches the origin', async () => {
    await assertProblem(await gate.request('/.well-known/portcullis/secrets'), 404, 'no-such-endpoint');
    await assertProblem(await gate.request('/.well-known/PORTCULLIS'), 404, 'no-such-endpoint');
  });
});

describe('answers for one user', () => {
  test('are kept from shared caches', async () => {
    const response = await gate.request('/dashboard/cached', { document: true, cookies: sessionCookies(await gate.clerk.token()) });
    assert.equal(response.headers.get('cache-control'), 'private, max-age=60');
    assert.equal(response.headers.get('vary'), 'Accept-Encoding, Cookie, Authorization');
    assert.equal(response.headers.get('cdn-cache-control'), null);
    assert.equal(await response.text(), 'mine');
  });
});

test('a path that names an organization is for who is active in it', () =>
  withGate({ policy: { rules: [{ match: '/api/orgs/:orgSlug/:path*', where: { orgSlug: 'org.slug' } }] } }, async (tied) => {
    const token = await tied.clerk.token({ o: { id: 'org_1', slg: 'acme', rol: 'member' }, v: 2 });
    assert.equal((await tied.request('/api/orgs/acme/invoices', { token })).status, 200);
    for (const path of ['/api/orgs/other/invoices', '/api/orgs/acme/..%2fother/invoices', '/api/orgs/ACME/invoices']) {
      await assertProblem(await tied.request(path, { token }), 403, 'requirement-not-met');
    }
    await assertProblem(await tied.request('/api/orgs/acme/invoices', { token: await tied.clerk.token() }), 403, 'requirement-not-met');
    await assertProblem(await tied.request('/api/orgs/acme/invoices'), 401, 'dev-browser-missing');
    assert.equal(tied.origin.seen.length, 1);
  }));
