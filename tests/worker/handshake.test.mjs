// Handshakes that come back with a token or a nonce, through the built Worker in workerd.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { SECRET_KEY, json } from '../support/clerk.mjs';
import { sessionCookies, startGate } from '../support/gate.mjs';
import { LIVE, OUTAGES, REDEEM, SIGNED_OUT_DIRECTIVES, assertHandshake, assertPage, assertResolved, assertSignIn, backend, cookiesSet, directivesFor, foreignKey, gate, live, now, taken, useGates } from '../support/session.mjs';

useGates();

describe('a handshake token in the query, in development', () => {
  test('sets the cookies one by one and cleans the address', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const token = await gate.clerk.handshakeToken(directives);
    const query = `?tab=1&__clerk_handshake=${token}&__clerk_db_jwt=dvb_new&__clerk_help=x&back=%2Fa%26b`;
    assertResolved(await gate.request(`/dashboard${query}`, { document: true }), '/dashboard?tab=1&back=%2Fa%26b', directives);
  });

  test('leads to the page for a browser that took the cookies', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const token = await gate.clerk.handshakeToken(directives);
    const first = await gate.request(`/dashboard?__clerk_handshake=${token}`, { document: true });
    const path = (first.headers.get('location') ?? '').slice(gate.url.length);
    // It came without a cookie, so it is asked to show those that it is given.
    assert.equal(path, '/dashboard?__portcullis_cookies=1');
    const shown = await gate.request(path, { document: true, cookies: taken(first.headers.getSetCookie()) });
    assert.equal(shown.headers.get('location'), `${gate.url}/dashboard`);
    await assertPage(await gate.request('/dashboard', { document: true, cookies: taken(first.headers.getSetCookie()) }));
  });

  test('of nobody takes the session away, and leads to signing in', async () => {
    const token = await gate.clerk.handshakeToken(SIGNED_OUT_DIRECTIVES);
    const cookies = sessionCookies(await gate.clerk.token());
    assertResolved(await gate.request(`/dashboard?__clerk_handshake=${token}`, { document: true, cookies }), '/dashboard', SIGNED_OUT_DIRECTIVES);
    assertSignIn(await gate.request('/dashboard', { document: true, cookies: taken(SIGNED_OUT_DIRECTIVES) }), '/dashboard');
  });

  test('is taken in on public pages too', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const token = await gate.clerk.handshakeToken(directives);
    assertResolved(await gate.request(`/?__clerk_handshake=${token}`, { document: true }), '/', directives);
  });

  test('may hold a session token of a clock that is off by hours', async () => {
    const directives = directivesFor(await gate.clerk.token({ exp: now() - 7200, iat: now() - 7260, nbf: now() - 7270 }));
    const token = await gate.clerk.handshakeToken(directives);
    assertResolved(await gate.request(`/dashboard?__clerk_handshake=${token}`, { document: true }), '/dashboard', directives);
  });

  test('that the instance did not sign sets no cookie', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const genuine = await gate.clerk.handshakeToken(directives);
    const segment = (/** @type {unknown} */ value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forged = {
      'by another key': await gate.clerk.handshakeToken(directives, { key: foreignKey }),
      'by a key of an unknown id': await gate.clerk.handshakeToken(directives, { key: foreignKey, header: { kid: 'ins_other' } }),
      'by nobody': `${segment({ alg: 'none', typ: 'JWT' })}.${segment({ handshake: directives })}.`,
      'by the public key as a secret': await gate.clerk.handshakeToken(directives, { header: { alg: 'HS256' }, key: Buffer.from(gate.clerk.pem) }),
      'for other claims': [genuine.split('.')[0], segment({ handshake: [...directives, 'a=b'] }), genuine.split('.')[2]].join('.'),
      'as another class of token': await gate.clerk.handshakeToken(directives, { header: { typ: 'at+jwt' } }),
      'at all': 'nonsense',
    };
    for (const [name, token] of Object.entries(forged)) {
      for (const path of ['/', '/dashboard']) {
        const response = await gate.request(`${path}?__clerk_handshake=${token}`, { document: true });
        assert.deepEqual(cookiesSet(response), [], `${name}, ${path}`);
        assert.equal(response.status, 400, `${name}, ${path}`);
      }
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('around a session token of another key sets no cookie', async () => {
    const directives = directivesFor(await gate.clerk.token({}, {}, foreignKey));
    const token = await gate.clerk.handshakeToken(directives);
    assertHandshake(await gate.request(`/dashboard?__clerk_handshake=${token}`, { document: true }), 'dev-browser-missing');
  });

  test('without directives, or with odd ones, signs nobody in', async () => {
    for (const directives of [undefined, [], 'a=b', [1], [null], {}, ['__session'], ['__session=x']]) {
      gate.origin.clear();
      const token = await gate.clerk.handshakeToken(directives);
      const response = await gate.request(`/dashboard?__clerk_handshake=${token}`, { document: true });
      assert.equal(response.status, 307, JSON.stringify(directives));
      assert.deepEqual(gate.origin.seen, []);
    }
  });
});

describe('a handshake token while no key set can be had', () => {
  for (const outage of ['says 500', 'hangs up', 'answers in prose']) {
    test(`is neither good nor bad where the Backend API ${outage}: nobody can tell`, async () => {
      const cold = await startGate();
      try {
        backend({ 'GET /v1/jwks': OUTAGES[outage] }, cold);
        const token = await cold.clerk.handshakeToken(directivesFor(await cold.clerk.token()));
        const response = await cold.request(`/dashboard?__clerk_handshake=${token}`, { document: true });
        assert.equal(response.status, 503);
        assert.equal(response.headers.get('retry-after'), '5');
        assert.deepEqual(cookiesSet(response), []);
        assert.equal(response.headers.get('location'), null);
        assert.deepEqual(cold.origin.seen, []);
        const open = await cold.request(`/?__clerk_handshake=${token}`, { document: true });
        assert.equal((await open.json()).headers['x-portcullis-auth-status'], 'unknown');
      } finally {
        await cold.stop();
      }
    });
  }
});

describe('a handshake token in the cookie, in production', () => {
  const cookiesWith = (/** @type {string} */ handshake, /** @type {string} */ more = '') => `__clerk_handshake=${handshake}${more && `; ${more}`}`;

  test('sets the cookies one by one, and the page comes at once', async () => {
    const directives = directivesFor(await live.clerk.token(LIVE));
    const cookies = cookiesWith(await live.clerk.handshakeToken(directives));
    const response = await live.request('/dashboard?tab=1', { document: true, cookies });
    assert.deepEqual(cookiesSet(response), directives);
    assert.equal(response.headers.get('location'), null);
    assert.match(response.headers.get('cache-control') ?? '', /private|no-store/);
    assert.match(response.headers.get('vary') ?? '', /Cookie/);
    assert.equal((await assertPage(response, live)).url, '/dashboard?tab=1');
  });

  test('comes before the session that it replaces', async () => {
    const directives = directivesFor(await live.clerk.token(LIVE));
    const older = sessionCookies(await live.clerk.token({ ...LIVE, sub: 'user_old' }));
    const cookies = cookiesWith(await live.clerk.handshakeToken(directives), older);
    await assertPage(await live.request('/dashboard', { document: true, cookies }), live);
  });

  test('of nobody signs out and takes the cookies away', async () => {
    const cookies = cookiesWith(await live.clerk.handshakeToken(SIGNED_OUT_DIRECTIVES), sessionCookies(await live.clerk.token(LIVE)));
    const response = await live.request('/dashboard', { document: true, cookies });
    assert.deepEqual(cookiesSet(response), SIGNED_OUT_DIRECTIVES);
    assertSignIn(response, '/dashboard', live);
  });

  test('that the instance did not sign sets no cookie, and the request is judged without it', async () => {
    const directives = directivesFor(await live.clerk.token({ ...LIVE, sub: 'user_2' }));
    const useless = [
      await live.clerk.handshakeToken(directives, { key: foreignKey }),
      await live.clerk.handshakeToken(directives, { header: { alg: 'HS256' }, key: Buffer.from(live.clerk.pem) }),
      await live.clerk.handshakeToken(directives, { claims: { exp: now() - 60 } }),
      'nonsense',
    ];
    const session = sessionCookies(await live.clerk.token(LIVE));
    for (const handshake of useless) {
      live.origin.clear();
      const signedOut = await live.request('/dashboard', { document: true, cookies: cookiesWith(handshake, '__client_uat=0') });
      assert.deepEqual(cookiesSet(signedOut), []);
      assertSignIn(signedOut, '/dashboard', live);
      const signedIn = await live.request('/dashboard', { document: true, cookies: cookiesWith(handshake, session) });
      assert.deepEqual(cookiesSet(signedIn), []);
      await assertPage(signedIn, live);
    }
  });

  test('counts in the cookie only: a link is anybody’s to make', async () => {
    const token = await live.clerk.handshakeToken(directivesFor(await live.clerk.token(LIVE)));
    for (const query of [`__clerk_handshake=${token}`, '__clerk_handshake_nonce=nonce_1']) {
      const response = await live.request(`/dashboard?${query}`, { document: true, cookies: '__client_uat=0' });
      assert.deepEqual(cookiesSet(response), []);
      assertSignIn(response, `/dashboard?${query}`, live);
    }
  });

  test('by nonce, where no secret key can redeem it, leaves a good session alone; without one nobody can tell', async () => {
    const nonce = '__clerk_handshake_nonce=nonce_1';
    const good = await live.request('/dashboard', { document: true, cookies: `${nonce}; ${sessionCookies(await live.clerk.token(LIVE))}` });
    await assertPage(good, live);
    live.origin.clear();
    const none = await live.request('/dashboard', { document: true, cookies: nonce });
    assert.equal(none.status, 503);
    assert.equal(none.headers.get('retry-after'), '5');
    assert.deepEqual(live.origin.seen, []);
  });
});

describe('a handshake nonce', () => {
  test('is redeemed at the Backend API, and the address cleaned', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const sent = backend({ [REDEEM]: (response) => json(response, 200, { directives }) });
    const response = await gate.request('/dashboard?a=1&__clerk_handshake_nonce=n%26o%2Fn%20ce', { document: true });
    assertResolved(response, '/dashboard?a=1', directives);
    assert.deepEqual(sent.map(({ call }) => call), [REDEEM]);
    assert.deepEqual([...new URL(sent[0].url, 'http://x').searchParams], [['nonce', 'n&o/n ce']]);
    assert.equal(sent[0].headers.authorization, `Bearer ${SECRET_KEY}`);
    assert.ok(sent[0].headers['clerk-api-version']);
    assert.equal(sent[0].headers.cookie, undefined);
  });

  test('works from the cookie too', async () => {
    const directives = directivesFor(await gate.clerk.token());
    backend({ [REDEEM]: (response) => json(response, 200, { directives }) });
    const response = await gate.request('/dashboard', { document: true, cookies: '__clerk_handshake_nonce=nonce_1' });
    assertResolved(response, '/dashboard', directives);
  });

  test('of nobody takes the session away', async () => {
    backend({ [REDEEM]: (response) => json(response, 200, { directives: SIGNED_OUT_DIRECTIVES }) });
    const response = await gate.request('/dashboard?__clerk_handshake_nonce=n', { document: true, cookies: sessionCookies(await gate.clerk.token()) });
    assertResolved(response, '/dashboard', SIGNED_OUT_DIRECTIVES);
  });

  test('that is unknown leaves a good session alone', async () => {
    const response = await gate.request('/dashboard?__clerk_handshake_nonce=n', { document: true, cookies: sessionCookies(await gate.clerk.token()) });
    assert.deepEqual(cookiesSet(response), []);
    await assertPage(response);
    assert.deepEqual(gate.clerk.calls, ['GET /v1/clients/handshake_payload?nonce=n']);
  });

  test('that is unknown and comes alone is taken off the address, and the handshake begins anew', async () => {
    const response = await gate.request('/dashboard?__clerk_handshake_nonce=n&a=1', { document: true });
    assertResolved(response, '/dashboard?a=1', []);
    const api = await gate.request('/api/protected?__clerk_handshake_nonce=n');
    assert.equal(api.status, 401);
    assert.deepEqual(gate.origin.seen, []);
  });

  for (const [name, answer] of Object.entries(OUTAGES)) {
    test(`while the Backend API ${name}: a good session counts, else nobody can tell`, async () => {
      backend({ [REDEEM]: answer });
      const path = '/dashboard?__clerk_handshake_nonce=n';
      const good = await gate.request(path, { document: true, cookies: sessionCookies(await gate.clerk.token()) });
      assert.deepEqual(cookiesSet(good), []);
      await assertPage(good);
      gate.origin.clear();
      for (const [asked, init] of /** @type {const} */ ([[path, { document: true }], ['/api/protected?__clerk_handshake_nonce=n', {}]])) {
        const none = await gate.request(asked, init);
        assert.equal(none.status, 503, asked);
        assert.equal(none.headers.get('retry-after'), '5');
        assert.equal(none.headers.get('location'), null);
        assert.deepEqual(cookiesSet(none), []);
      }
      assert.deepEqual(gate.origin.seen, []);
      const open = await gate.request('/?__clerk_handshake_nonce=n', { document: true });
      assert.equal((await open.json()).headers['x-portcullis-auth-status'], 'unknown');
    });
  }

  test('is no way to another address of the Backend API', async () => {
    const sent = backend({});
    await gate.request(`/dashboard?__clerk_handshake_nonce=${encodeURIComponent('x&nonce=y#/../../users?z')}`, { document: true });
    assert.deepEqual(sent.map(({ call }) => call), [REDEEM]);
    assert.deepEqual([...new URL(sent[0].url, 'http://x').searchParams], [['nonce', 'x&nonce=y#/../../users?z']]);
  });
});
