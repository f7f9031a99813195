// Tokens of other issuers than Clerk: which ones pass, where they stand, what the policy and the origin see of them.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { ALGORITHMS, AUDIENCE, WITHOUT_CLERK, startIssuer } from '../support/issuer.mjs';

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */
/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let issuer;
/** Clerk and another issuer; the other issuer alone. @type {Gate} */
let gate;
/** @type {Gate} */
let alone;
const now = () => Math.floor(Date.now() / 1000);

before(async () => {
  issuer = await startIssuer();
  const block = {
    issuer: issuer.iss,
    jwks_url: issuer.jwksUrl,
    cookie: 'id_token',
    header: 'Authorization',
    audience: [AUDIENCE, 'other'],
    algorithms: ALGORITHMS,
    role: ['https://example.com/roles'],
    permissions: 'scope',
  };
  const rules = [
    { match: '/api/billing/:path*', require: { permission: 'org:billing:manage' } },
    { match: '/api/plan', require: { plan: 'gold' } },
    { match: '/api/fresh-factor', require: { reverification: 'lax' } },
    { match: '/api/role', require: { role: 'org:admin' } },
    { match: '/api/mail', require: { claim: 'email_verified', equals: true } },
  ];
  [gate, alone] = await Promise.all([
    startGate({ policy: { issuer: block, rules } }),
    startGate({ env: WITHOUT_CLERK, policy: { authorized_parties: undefined, issuers: [{ ...block, header: 'X-Assertion' }] } }),
  ]);
});
after(() => Promise.all([gate?.stop(), alone?.stop(), issuer?.stop()]));
beforeEach(() => {
  for (const each of [gate, alone]) each.origin.clear();
  issuer.respondWith(undefined);
});

describe('a good token', () => {
  for (const alg of ALGORITHMS) {
    test(`signed with ${alg} passes, and a changed one does not`, async () => {
      const token = await issuer.token({}, { alg });
      const response = await gate.request('/api/protected', { token });
      assert.equal(response.status, 200, gate.worker.log().split('\n').at(-2));
      const { headers } = await response.json();
      assert.equal(headers['x-portcullis-user-id'], 'user_other');
      assert.equal(headers['x-portcullis-issuer'], issuer.iss);
      assert.equal(headers['x-portcullis-auth-status'], 'signed-in');
      assert.equal(headers['x-portcullis-session-id'], undefined);
      const [head, payload, signature] = token.split('.');
      const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'user_evil' };
      const forged = `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
      assert.equal((await gate.request('/api/protected', { token: forged })).status, 401);
    });
  }

  test('has the type of an ID token or an access token, or none', async () => {
    for (const typ of [undefined, 'JWT', 'at+jwt', 'application/at+jwt']) {
      assert.equal((await gate.request('/api/protected', { token: await issuer.token({}, { typ }) })).status, 200, typ);
    }
    for (const typ of ['logout+jwt', 'dpop+jwt', 'secevent+jwt', '', 7, null]) {
      assert.equal((await gate.request('/api/protected', { token: await issuer.token({}, { typ }) })).status, 401, String(typ));
    }
  });

  test('names one of the audiences, alone or in a list', async () => {
    for (const aud of [AUDIENCE, 'other', [AUDIENCE], ['x', 'other']]) {
      assert.equal((await gate.request('/api/protected', { token: await issuer.token({ aud }) })).status, 200, JSON.stringify(aud));
    }
    for (const aud of [undefined, null, '', [], [''], 'x', `${AUDIENCE}/`, [AUDIENCE, 1], { 0: AUDIENCE }, `${AUDIENCE} x`]) {
      const response = await gate.request('/api/protected', { token: await issuer.token({ aud }) });
      assert.equal(response.status, 401, JSON.stringify(aud));
      assert.equal((await response.json()).reason, 'token-verification-failed');
    }
  });

  test('is of its time', async () => {
    const good = [{ iat: now() + 3 }, { nbf: now() + 3 }, { exp: now() - 3 }, { iat: undefined }, { nbf: now() - 10 }];
    for (const claims of good) {
      assert.equal((await gate.request('/api/protected', { token: await issuer.token(claims) })).status, 200, JSON.stringify(claims));
    }
    const bad = [
      [{ exp: now() - 10 }, 'token-expired'],
      [{ exp: undefined }, 'token-verification-failed'],
      [{ exp: String(now() + 60) }, 'token-verification-failed'],
      [{ nbf: now() + 60 }, 'token-not-active-yet'],
      [{ iat: now() + 60 }, 'token-iat-in-the-future'],
      [{ nbf: 'soon' }, 'token-verification-failed'],
    ];
    for (const [claims, reason] of /** @type {[any, string][]} */ (bad)) {
      const response = await gate.request('/api/protected', { token: await issuer.token(claims) });
      assert.equal(response.status, 401, JSON.stringify(claims));
      assert.equal((await response.json()).reason, reason);
    }
  });

  test('says who its user is', async () => {
    for (const sub of [undefined, '', 7, null, ['user_other']]) {
      assert.equal((await gate.request('/api/protected', { token: await issuer.token({ sub }) })).status, 401, String(sub));
    }
  });
});

describe('the policy', () => {
  const status = async (/** @type {string} */ path, /** @type {Record<string, unknown>} */ claims) =>
    (await gate.request(path, { token: await issuer.token(claims) })).status;

  test('finds roles, permissions and claims where the settings say', async () => {
    assert.equal(await status('/api/role', { 'https://example.com/roles': ['user', 'admin'] }), 200);
    assert.equal(await status('/api/role', { 'https://example.com/roles': 'admin' }), 200);
    assert.equal(await status('/api/role', { 'https://example.com/roles': ['administrator'] }), 403);
    assert.equal(await status('/api/billing/x', { scope: 'read billing:manage' }), 200);
    assert.equal(await status('/api/billing/x', { scope: ['billing:manage'] }), 200);
    assert.equal(await status('/api/billing/x', { scope: 'billing:managers' }), 403);
    assert.equal(await status('/api/mail', { email_verified: true }), 200);
    assert.equal(await status('/api/mail', { email_verified: 'true' }), 403);
    assert.equal(await status('/api/admin/x', { metadata: { role: 'admin' } }), 200);
    assert.equal(await status('/api/admin/x', {}), 403);
  });

  test('reads nothing of Clerk’s out of another issuer’s claims', async () => {
    const clerks = { v: 2, o: { id: 'org_1', rol: 'admin', per: 'manage', fpm: '1' }, fea: 'o:billing', pla: 'u:gold', fva: [0, 0], org_id: 'org_1', org_role: 'org:admin', org_permissions: ['org:billing:manage'], role: 'admin', roles: ['admin'] };
    for (const path of ['/api/role', '/api/billing/x', '/api/plan', '/api/fresh-factor']) assert.equal(await status(path, clerks), 403, path);
    const pending = await gate.request('/api/protected', { token: await issuer.token({ sts: 'pending', ...clerks, sid: 'sess_1' }) });
    const { headers } = await pending.json();
    for (const name of ['session-id', 'org-id', 'org-role']) assert.equal(headers[`x-portcullis-${name}`], undefined);
  });

  test('has Clerk’s tokens as ever beside it', async () => {
    const clerk = await gate.request('/api/protected', { token: await gate.clerk.token() });
    const { headers } = await clerk.json();
    assert.equal(headers['x-portcullis-user-id'], 'user_1');
    assert.equal(headers['x-portcullis-issuer'], undefined);
    assert.equal((await gate.request('/api/plan', { token: await gate.clerk.token({ pla: 'u:gold' }) })).status, 200);
    const page = await gate.request('/dashboard', { document: true });
    assert.match(page.headers.get('location') ?? '', /\/v1\/client\/handshake/);
  });
});

describe('where a token stands', () => {
  test('in a cookie, and a page of another site cannot use it', async () => {
    const cookies = `id_token=${await issuer.token()}`;
    assert.equal((await gate.request('/dashboard', { document: true, cookies })).status, 200);
    const forged = await gate.request('/api/protected', { method: 'POST', cookies, headers: { origin: 'https://evil.example' } });
    assert.equal(forged.status, 403);
    assert.equal((await forged.json()).reason, 'cross-site-request');
  });

  test('a bad cookie of the one is no obstacle for the other', async () => {
    const bad = `id_token=${await issuer.token({ exp: now() - 60 })}`;
    const good = await gate.request('/dashboard', { document: true, cookies: `${bad}; ${sessionCookies(await gate.clerk.token())}` });
    assert.equal((await good.json()).headers['x-portcullis-user-id'], 'user_1');
    const refused = await gate.request('/api/protected', { cookies: `${bad}; ${SIGNED_OUT_COOKIES}` });
    assert.equal((await refused.json()).reason, 'token-expired');
  });

  test('in a header of the issuer’s own, in no other', async () => {
    const token = await issuer.token();
    assert.equal((await alone.request('/api/protected', { headers: { 'x-assertion': token } })).status, 200);
    assert.equal((await alone.request('/api/protected', { headers: { 'x-assertion': `Bearer ${token}` } })).status, 200);
    assert.equal((await alone.request('/api/protected', { token })).status, 401);
    const forged = await alone.request('/api/protected', { method: 'POST', headers: { 'x-assertion': token, origin: 'https://evil.example' } });
    assert.equal(forged.status, 403);
  });
});

describe('without Clerk', () => {
  test('a visitor who is signed out goes to sign_in_url, and an API is told', async () => {
    const page = await alone.request('/dashboard?x=1', { document: true });
    assert.equal(page.status, 307);
    assert.equal(page.headers.get('location'), `${alone.url}/sign-in?redirect_url=${encodeURIComponent(`${alone.url}/dashboard?x=1`)}`);
    assert.ok(page.headers.getSetCookie().every((cookie) => cookie.startsWith('__portcullis_bounce=')));
    const api = await alone.request('/api/protected');
    assert.equal(api.status, 401);
    assert.equal((await api.json()).reason, 'token-missing');
    assert.deepEqual(alone.origin.seen, []);
  });

  test('no token of Clerk’s passes, and no handshake of its is taken in', async () => {
    const token = await alone.clerk.token();
    for (const init of [{ token }, { cookies: sessionCookies(token) }, { headers: { 'x-assertion': token } }, { cookies: `id_token=${token}` }]) {
      assert.equal((await alone.request('/api/protected', init)).status, 401);
    }
    const back = await alone.request(`/dashboard?__clerk_handshake=${await alone.clerk.handshakeToken([])}`, { document: true });
    assert.match(back.headers.get('location') ?? '', /\/sign-in\?/);
    assert.deepEqual(alone.clerk.calls, []);
  });

  test('a session shows who it is from', async () => {
    const page = await alone.request('/dashboard', { document: true, cookies: `id_token=${await issuer.token()}` });
    assert.equal((await page.json()).headers['x-portcullis-user-id'], 'user_other');
    assert.match(page.headers.get('cache-control') ?? '', /^private/);
    assert.equal((await alone.request('/.well-known/portcullis/ready')).status, 200);
  });
});

describe('the key set', () => {
  test('is asked for without a word that is Clerk’s', async () => {
    const secret = JSON.stringify(issuer.calls);
    assert.ok(issuer.calls.length > 0);
    assert.doesNotMatch(secret, /sk_test|authorization|clerk/i);
  });

  test('that cannot be had is no sign-out: 503', async () => {
    const cold = await startIssuer();
    const block = { issuer: cold.iss, jwks_url: cold.jwksUrl, cookie: 'id_token', audience: AUDIENCE };
    const other = await startGate({ policy: { issuer: block } });
    try {
      for (const respond of [
        (/** @type {import('node:http').ServerResponse} */ response) => void response.writeHead(500).end('<html>'),
        (/** @type {import('node:http').ServerResponse} */ response) => void response.writeHead(302, { location: `${issuer.jwksUrl}` }).end(),
      ]) {
        cold.respondWith(respond);
        const cookies = `id_token=${await cold.token()}`;
        for (const document of [true, false]) {
          const response = await other.request(document ? '/dashboard' : '/api/protected', { document, cookies: `${cookies}; ${SIGNED_OUT_COOKIES}` });
          assert.equal(response.status, 503);
        }
        assert.equal((await other.request('/.well-known/portcullis/ready')).status, 503);
        assert.equal((await other.request('/', { document: false, cookies })).status, 200);
        const clerk = await other.request('/dashboard', { document: true, cookies: `${cookies}; ${sessionCookies(await other.clerk.token())}` });
        assert.equal(clerk.status, 200, 'Clerk’s session is good whatever becomes of the other');
        await sleep(5_100);
      }
      assert.match(other.worker.log(), /issuer http:\/\/127\.0\.0\.1:\d+: key set unavailable: 500 from its server/);
      cold.respondWith(undefined);
      assert.equal((await other.request('/api/protected', { cookies: `id_token=${await cold.token()}` })).status, 200);
    } finally {
      await other.stop();
      await cold.stop();
    }
  });

  test('at an address of this machine serves this machine only', async () => {
    const { status, text } = await alone.raw('GET /dashboard HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    assert.equal(status, 500);
    assert.match(text, /development-settings/);
  });
});
