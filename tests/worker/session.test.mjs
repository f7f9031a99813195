// Clerk's session flow through the built Worker: handshakes taken in, sessions renewed, loops stopped, and nobody sent astray.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { generateKeyPair } from 'jose';

import { FRONTEND_API, SECRET_KEY, cookieSuffix, json } from '../support/clerk.mjs';
import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';

const LIVE_FRONTEND_API = 'clerk.example.com';
const LIVE_PUBLISHABLE_KEY = `pk_live_${Buffer.from(`${LIVE_FRONTEND_API}$`).toString('base64')}`;
const LIVE = { iss: `https://${LIVE_FRONTEND_API}` };
const SUFFIX = cookieSuffix();
const EXPIRES = 'Expires=Wed, 21 Oct 2037 07:28:00 GMT';
/** One Backend API call may take 5 s; what is more than that is overhead. */
const ONE_CALL_MS = 5_000;
const OVERHEAD_MS = 2_000;

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */

/** A development instance, and a production instance that knows its key and nothing of the Backend API. @type {Gate} */
let gate;
/** @type {Gate} */
let live;
/** @type {CryptoKey} */
let foreignKey;

before(async () => {
  foreignKey = (await generateKeyPair('RS256', { modulusLength: 2048 })).privateKey;
  [gate, live] = await Promise.all([
    startGate(),
    startGate({
      env: (clerk) => ({
        CLERK_PUBLISHABLE_KEY: LIVE_PUBLISHABLE_KEY,
        CLERK_JWT_KEY: clerk.pem,
        CLERK_SECRET_KEY: undefined,
        CLERK_API_URL: undefined,
      }),
    }),
  ]);
  // From here on the key set is known.
  assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
});
after(() => Promise.all([gate?.stop(), live?.stop()]));
beforeEach(() => {
  for (const each of [gate, live]) {
    each.origin.clear();
    each.clerk.calls.splice(0);
    each.clerk.respondWith(undefined);
  }
});

const now = () => Math.floor(Date.now() / 1000);

/** The claims of a token that ended a minute ago. */
const ended = () => ({ exp: now() - 60, iat: now() - 120, nbf: now() - 130 });

/** Cookies of a browser whose session token has expired, by the names of this instance alone. @param {Record<string, unknown>} [claims] */
async function expiredCookies(claims = {}, { refresh = 'rt_1', count = 0 } = {}) {
  const token = await gate.clerk.token({ ...ended(), ...claims });
  const cookies = [sessionCookies(token, now() - 300)];
  if (refresh) cookies.push(`__refresh_${SUFFIX}=${refresh}`);
  if (count) cookies.push(`__clerk_redirect_count=${count}`);
  return { token, cookies: cookies.join('; ') };
}

/** What the Frontend API has a browser keep of a session. @param {string} token */
const directivesFor = (token) => [
  `__session=${token}; Path=/; ${EXPIRES}; SameSite=Lax`,
  `__session_${SUFFIX}=${token}; Path=/; ${EXPIRES}; SameSite=Lax`,
  `__client_uat=${now() - 60}; Path=/; Max-Age=31536000; SameSite=Lax`,
  '__clerk_db_jwt=dvb_new; Path=/; SameSite=Lax',
  `__refresh_${SUFFIX}=rt_2; Path=/; HttpOnly; SameSite=Lax`,
];
const SIGNED_OUT_DIRECTIVES = ['__session=; Path=/; Max-Age=0', '__client_uat=0; Path=/', '__clerk_db_jwt=dvb_new; Path=/'];

/** The `Cookie` header of a browser that took these directives. @param {string[]} directives */
const taken = (directives) => directives.map((directive) => directive.split(';')[0]).filter((pair) => !pair.endsWith('=')).join('; ');

/**
 * Has the Backend API answer these calls, and everything else as ever; gives what it was sent.
 *
 * @param {Record<string, (response: import('node:http').ServerResponse) => unknown>} answers by method and path
 * @param {Gate} [of]
 */
function backend(answers, of = gate) {
  /** @type {{ call: string, url: string, headers: import('node:http').IncomingHttpHeaders, body: string }[]} */
  const sent = [];
  of.clerk.respondWith(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = request.url ?? '';
    const call = `${request.method} ${url.split('?')[0]}`;
    sent.push({ call, url, headers: request.headers, body });
    if (answers[call]) answers[call](response);
    else if (call === 'GET /v1/jwks') json(response, 200, { keys: [of.clerk.jwk] });
    else json(response, 404, { errors: [{ code: 'resource_not_found', message: 'not found' }] });
  });
  return sent;
}

const REDEEM = 'GET /v1/clients/handshake_payload';
const REFRESH = 'POST /v1/sessions/sess_1/refresh';

/** Every way in which the Backend API can be of no use, at once. @type {Record<string, (response: import('node:http').ServerResponse) => unknown>} */
const OUTAGES = {
  'hangs up': (response) => response.socket?.destroy(),
  'says 500': (response) => json(response, 500, { errors: [{ code: 'internal_clerk_error', message: 'no' }] }),
  'says 429': (response) => json(response, 429, { errors: [{ code: 'too_many_requests', message: 'no' }] }),
  'refuses the secret key': (response) => json(response, 401, { errors: [{ code: 'clerk_key_invalid', message: 'no' }] }),
  'answers in prose': (response) => response.writeHead(200).end('<html>'),
};

/**
 * Asserts that a handshake was resolved: the browser is sent to `path` of this site, with exactly these cookies, and the answer is
 * kept nowhere.
 *
 * @param {Response} response @param {string} path @param {string[]} directives
 */
function assertResolved(response, path, directives, of = gate) {
  assert.equal(response.status, 307);
  assert.equal(response.headers.get('location'), of.url + path);
  assert.deepEqual(response.headers.getSetCookie(), directives);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('vary'), 'Cookie, Authorization');
  assert.deepEqual(of.origin.seen, []);
}

/** @param {Response} response @param {string | RegExp} reason @param {number} [count] */
function assertHandshake(response, reason, count = 1) {
  assert.equal(response.status, 307);
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(location.origin + location.pathname, `https://${FRONTEND_API}/v1/client/handshake`);
  const given = location.searchParams.get('__clerk_hs_reason') ?? '';
  if (typeof reason === 'string') assert.equal(given, reason);
  else assert.match(given, reason);
  assert.deepEqual(response.headers.getSetCookie(), [`__clerk_redirect_count=${count}; SameSite=Lax; HttpOnly; Max-Age=2`]);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.deepEqual(gate.origin.seen, []);
  return location;
}

/** @param {Response} response @param {Gate} [of] */
async function assertPage(response, of = gate) {
  assert.equal(response.status, 200);
  const seen = await response.json();
  assert.equal(seen.headers['x-portcullis-auth-status'], 'signed-in');
  assert.equal(seen.headers['x-portcullis-user-id'], 'user_1');
  assert.equal(of.origin.seen.length, 1);
  return seen;
}

/** @param {Response} response @param {string} path @param {Gate} [of] */
function assertSignIn(response, path, of = gate) {
  assert.equal(response.status, 307);
  const location = new URL(response.headers.get('location') ?? '');
  assert.equal(location.origin + location.pathname, `${of.url}/sign-in`);
  assert.equal(location.searchParams.get('redirect_url'), of.url + path);
  assert.deepEqual(of.origin.seen, []);
}

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
    assert.equal(path, '/dashboard');
    await assertPage(await gate.request(path, { document: true, cookies: taken(first.headers.getSetCookie()) }));
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
        assert.deepEqual(response.headers.getSetCookie(), [], `${name}, ${path}`);
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
        assert.deepEqual(response.headers.getSetCookie(), []);
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
    assert.deepEqual(response.headers.getSetCookie(), directives);
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
    assert.deepEqual(response.headers.getSetCookie(), SIGNED_OUT_DIRECTIVES);
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
      assert.deepEqual(signedOut.headers.getSetCookie(), []);
      assertSignIn(signedOut, '/dashboard', live);
      const signedIn = await live.request('/dashboard', { document: true, cookies: cookiesWith(handshake, session) });
      assert.deepEqual(signedIn.headers.getSetCookie(), []);
      await assertPage(signedIn, live);
    }
  });

  test('counts in the cookie only: a link is anybody’s to make', async () => {
    const token = await live.clerk.handshakeToken(directivesFor(await live.clerk.token(LIVE)));
    for (const query of [`__clerk_handshake=${token}`, '__clerk_handshake_nonce=nonce_1']) {
      const response = await live.request(`/dashboard?${query}`, { document: true, cookies: '__client_uat=0' });
      assert.deepEqual(response.headers.getSetCookie(), []);
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
    assert.deepEqual(response.headers.getSetCookie(), []);
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
      assert.deepEqual(good.headers.getSetCookie(), []);
      await assertPage(good);
      gate.origin.clear();
      for (const [asked, init] of /** @type {const} */ ([[path, { document: true }], ['/api/protected?__clerk_handshake_nonce=n', {}]])) {
        const none = await gate.request(asked, init);
        assert.equal(none.status, 503, asked);
        assert.equal(none.headers.get('retry-after'), '5');
        assert.equal(none.headers.get('location'), null);
        assert.deepEqual(none.headers.getSetCookie(), []);
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

describe('an expired token with a refresh token', () => {
  test('is renewed on the way: the page comes, with the new cookies', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const sent = backend({ [REFRESH]: (response) => json(response, 200, { object: 'cookies', cookies: directives }) });
    const { token, cookies } = await expiredCookies();
    const response = await gate.request('/dashboard?tab=1', { document: true, cookies });
    assert.deepEqual(response.headers.getSetCookie(), directives);
    assert.match(response.headers.get('cache-control') ?? '', /private|no-store/);
    assert.equal((await assertPage(response)).url, '/dashboard?tab=1');

    assert.deepEqual(sent.map(({ call }) => call), [REFRESH]);
    assert.equal(sent[0].headers.authorization, `Bearer ${SECRET_KEY}`);
    const body = JSON.parse(sent[0].body);
    assert.equal(body.format, 'cookie');
    assert.equal(body.expired_token, token);
    assert.equal(body.refresh_token, 'rt_1');
    assert.equal(body.request_origin, gate.url);
    assert.deepEqual(body.request_headers['sec-fetch-dest'], ['document']);
  });

  test('keeps the cookies of the origin’s own answer', async () => {
    const directives = directivesFor(await gate.clerk.token());
    backend({ [REFRESH]: (response) => json(response, 200, { cookies: directives }) });
    const response = await gate.request('/api/public/cookies', { cookies: (await expiredCookies()).cookies });
    assert.deepEqual(response.headers.getSetCookie(), ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT', 'c=3', ...directives]);
  });

  test('is renewed for a fetch as well', async () => {
    const directives = directivesFor(await gate.clerk.token());
    backend({ [REFRESH]: (response) => json(response, 200, { cookies: directives }) });
    const response = await gate.request('/api/protected', { cookies: (await expiredCookies()).cookies });
    assert.deepEqual(response.headers.getSetCookie(), directives);
    await assertPage(response);
  });

  test('is renewed by the suffixed names where the browser has those', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const sent = backend({ [REFRESH]: (response) => json(response, 200, { cookies: directives }) });
    const { token } = await expiredCookies();
    const cookies = ['__session', '__client_uat', '__clerk_db_jwt'].map((name, index) => `${name}_${SUFFIX}=${[token, now() - 300, 'dvb_1'][index]}`);
    await assertPage(await gate.request('/dashboard', { document: true, cookies: [...cookies, `__refresh_${SUFFIX}=rt_1`].join('; ') }));
    assert.equal(sent[0].url, '/v1/sessions/sess_1/refresh?suffixed_cookies=true');
  });

  /** @type {Record<string, [(response: import('node:http').ServerResponse) => unknown, string]>} */
  const refusals = {
    'ended session': [(response) => json(response, 401, { errors: [{ code: 'session_not_active', message: 'no' }] }), 'session_not_active'],
    'unknown session': [(response) => json(response, 404, { errors: [{ code: 'session_not_found', message: 'no' }] }), 'session_not_found'],
    'wrong secret key': [OUTAGES['refuses the secret key'], 'clerk_key_invalid'],
    'outage in prose': [(response) => response.writeHead(502).end('<html>'), 'unexpected-bapi-error'],
    'lost connection': [OUTAGES['hangs up'], 'fetch-error'],
    'answer without cookies': [(response) => json(response, 200, { cookies: [] }), 'unexpected-sdk-error'],
    'answer without a token': [(response) => json(response, 200, { cookies: ['__client_uat=1'] }), 'invalid-session-token'],
  };
  for (const [name, [answer, failure]] of Object.entries(refusals)) {
    test(`goes to a handshake when it is refused: ${name}`, async () => {
      const sent = backend({ [REFRESH]: answer });
      const { cookies } = await expiredCookies();
      const location = assertHandshake(await gate.request('/dashboard', { document: true, cookies }), new RegExp(`^session-token-expired-refresh-.*${failure}$`));
      assert.equal(location.searchParams.get('redirect_url'), `${gate.url}/dashboard`);
      const api = await gate.request('/api/protected', { cookies });
      assert.equal(api.status, 401);
      assert.deepEqual(api.headers.getSetCookie(), []);
      assert.deepEqual(sent.map(({ call }) => call), [REFRESH, REFRESH]);
      assert.deepEqual(gate.origin.seen, []);
    });
  }

  test('sets no cookie when the new token is of another key, another party or over already', async () => {
    const bad = [await gate.clerk.token({}, {}, foreignKey), await gate.clerk.token({ azp: 'https://evil.example' }), await gate.clerk.token(ended())];
    for (const token of bad) {
      backend({ [REFRESH]: (response) => json(response, 200, { cookies: directivesFor(token) }) });
      const { cookies } = await expiredCookies();
      assertHandshake(await gate.request('/dashboard', { document: true, cookies }), /invalid-session-token$/);
    }
  });

  test('is not renewed by a token in the header: the cookie’s session is another’s', async () => {
    const sent = backend({ [REFRESH]: async (response) => json(response, 200, { cookies: directivesFor(await gate.clerk.token()) }) });
    const { token, cookies } = await expiredCookies();
    const api = await gate.request('/api/protected', { token, cookies });
    assert.equal(api.status, 401);
    assert.match((await api.json()).reason, /non-eligible-header-token$/);
    assert.deepEqual(api.headers.getSetCookie(), []);
    assertHandshake(await gate.request('/dashboard', { document: true, token, cookies }), /non-eligible-header-token$/);
    assert.deepEqual(sent, []);
  });

  test('is not renewed for anything but a GET', async () => {
    const sent = backend({});
    const { cookies } = await expiredCookies();
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      const response = await gate.request('/api/protected', { cookies, method });
      assert.equal(response.status, 401, method);
      assert.deepEqual(response.headers.getSetCookie(), []);
    }
    assert.deepEqual(sent, []);
  });

  test('is not renewed without a good signature, nor under an id that is a path', async () => {
    const sent = backend({});
    const forged = await gate.clerk.token(ended(), {}, foreignKey);
    const refresh = `__refresh_${SUFFIX}=rt_1`;
    assert.equal((await gate.request('/dashboard', { document: true, cookies: `${sessionCookies(forged, now() - 300)}; ${refresh}` })).status, 307);
    for (const sid of ['../users/user_1', 'sess_1/../../x', 'sess_1?x=', 'sess%2f1', 'sess 1', '', 7, null, ['sess_1']]) {
      const { cookies } = await expiredCookies({ sid });
      assertHandshake(await gate.request('/dashboard', { document: true, cookies }), /^session-token-expired-refresh-/);
    }
    assert.deepEqual(sent.filter(({ call }) => call !== REFRESH), []);
    assert.ok(sent.length <= 1, `${sent.map(({ url }) => url)}`);
  });

  test('is not renewed by a refresh cookie of another instance', async () => {
    const sent = backend({});
    const { cookies } = await expiredCookies({}, { refresh: '' });
    for (const name of ['__refresh', `__refresh_${cookieSuffix(LIVE_PUBLISHABLE_KEY)}`]) {
      assertHandshake(await gate.request('/dashboard', { document: true, cookies: `${cookies}; ${name}=rt_1` }), /non-eligible-no-refresh-cookie$/);
    }
    assert.deepEqual(sent, []);
  });
});

describe('a loop of handshakes', () => {
  test('ends with the fourth, by the cookie that counts them', async () => {
    const { cookies } = await expiredCookies({}, { refresh: '' });
    let counter = '';
    for (const count of [1, 2, 3]) {
      const response = await gate.request('/dashboard', { document: true, cookies: `${cookies}${counter}` });
      assertHandshake(response, /^session-token-expired/, count);
      counter = `; ${taken(response.headers.getSetCookie())}`;
    }
    const fourth = await gate.request('/dashboard', { document: true, cookies: `${cookies}${counter}` });
    assert.deepEqual(fourth.headers.getSetCookie(), []);
    assertSignIn(fourth, '/dashboard');
    const fresh = await gate.request('/dashboard', { document: true, cookies: `${sessionCookies(await gate.clerk.token())}${counter}` });
    await assertPage(fresh);
  });

  test('is not begun by a count that nobody set, nor prolonged by one', async () => {
    for (const count of ['4', '99', '3.5', '1e9', 'Infinity', '0x3']) {
      const { cookies } = await expiredCookies({}, { refresh: '', count });
      assertSignIn(await gate.request('/dashboard', { document: true, cookies }), '/dashboard');
    }
    for (const count of ['-1', 'NaN', 'x', '-Infinity', '']) {
      const { cookies } = await expiredCookies({}, { refresh: '' });
      assertHandshake(await gate.request('/dashboard', { document: true, cookies: `${cookies}; __clerk_redirect_count=${count}` }), /^session-token-expired/, 1);
    }
  });
});

describe('nobody is sent astray', () => {
  /** Asserts that a raw answer leads to `own` or the Frontend API only, and back to `own`; and that it sets no cookie but the counter. */
  function assertNotAstray(/** @type {{ status: number, text: string }} */ { status, text }, /** @type {string} */ own, /** @type {string} */ what, frontendApi = FRONTEND_API) {
    assert.ok(status >= 200 && status < 600, `${what}: no answer: ${text}`);
    const head = text.split('\r\n\r\n')[0].split('\r\n').slice(1);
    /** @param {string} name */
    const values = (name) => head.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
    for (const cookie of values('set-cookie')) assert.match(cookie, /^__clerk_redirect_count=[123]; SameSite=Lax; HttpOnly; Max-Age=2$/, what);
    assert.deepEqual(values('x-injected'), [], what);
    assert.ok(values('location').length <= 1, what);
    for (const location of values('location')) {
      assert.match(location, /^https?:\/\/[^/\\@]+[/?]/, `${what}: ${location}`);
      const url = new URL(location);
      assert.ok([own, frontendApi].includes(url.host), `${what}: ${location}`);
      const back = url.searchParams.get('redirect_url');
      if (back !== null) assert.equal(new URL(back).host, own, `${what}: ${location}`);
    }
    return values('location')[0];
  }

  /** @param {Gate} of @param {string} target @param {{ host?: string, cookies?: string, more?: string[] }} [init] */
  function get(of, target, { host = `127.0.0.1:${of.worker.port}`, cookies = '', more = [] } = {}) {
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Accept: text/html', 'Sec-Fetch-Dest: document', 'Connection: close', ...more];
    if (cookies) lines.push(`Cookie: ${cookies}`);
    return of.raw(`${lines.join('\r\n')}\r\n\r\n`);
  }

  /** The states of a browser that make the gate send it somewhere. @returns {Promise<Record<string, string>>} */
  const browsers = async () => ({
    unknown: '',
    'signed out': SIGNED_OUT_COOKIES,
    expired: (await expiredCookies({}, { refresh: '' })).cookies,
    'signed in': sessionCookies(await gate.clerk.token()),
  });

  const evil = [
    'https://evil.example',
    'https://evil.example/',
    '//evil.example',
    '\\\\evil.example',
    '/\\evil.example',
    'https:evil.example',
    'https:\\\\evil.example',
    'http://127.0.0.1:1@evil.example/',
    'http://127.0.0.1:1.evil.example/',
    'http://localhost@evil.example',
    'http://localhost.evil.example',
    'http://evil.example/.localhost',
    'http://evil.example#.localhost',
    'http://evil.example?.localhost',
    'javascript:alert(1)',
    'data:text/html,x',
    'http://evil.example\r\nx-injected: 1',
    'http://localhost\r\nx-injected: 1',
    ' https://evil.example',
    'http://evil.example\t/.localhost',
  ];

  test('by an address in the query', async () => {
    const own = `127.0.0.1:${gate.worker.port}`;
    for (const [browser, cookies] of Object.entries(await browsers())) {
      for (const address of evil) {
        for (const name of ['__clerk_redirect_url', 'redirect_url', 'sign_in_url', 'return_to']) {
          for (const path of ['/dashboard', '/sign-in', '/']) {
            const target = `${path}?${name}=${encodeURIComponent(address)}&__clerk_synced=false`;
            const location = assertNotAstray(await get(gate, target, { cookies }), own, `${browser}: ${target}`);
            assert.doesNotMatch(new URL(location ?? 'http://x').hash, /evil/);
          }
        }
      }
    }
  });

  const paths = [
    '//evil.example',
    '//evil.example/dashboard',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/%2f%2fevil.example',
    '/%5cevil.example',
    '/%5c%5cevil.example/..',
    '/dashboard//evil.example',
    '/.//evil.example',
    '/..//evil.example',
    '/dashboard/..//evil.example',
    '/@evil.example',
    '//user:pass@evil.example/',
    '/dashboard@evil.example',
    '/;@evil.example',
    '/%09/evil.example',
    '/%0d%0aX-Injected:%201',
    '/dashboard%0d%0aX-Injected:%201',
    '/dashboard?a=%0d%0aX-Injected:%201',
    '/dashboard%0aSet-Cookie:%20a=b',
    '/dashboard?%0d%0a%0d%0a<script>',
    '/dashboard%E5%98%8A%E5%98%8DX-Injected:%201',
    '/https://evil.example',
    '/dashboard#@evil.example',
  ];

  test('by an address in the path', async () => {
    const own = `127.0.0.1:${gate.worker.port}`;
    for (const [browser, cookies] of Object.entries(await browsers())) {
      for (const path of paths) assertNotAstray(await get(gate, path, { cookies }), own, `${browser}: ${path}`);
    }
  });

  test('by an address in the path that a handshake comes back to', async () => {
    const own = `127.0.0.1:${gate.worker.port}`;
    const token = await gate.clerk.handshakeToken([]);
    for (const path of paths.filter((path) => !/[?#]/.test(path))) {
      assertNotAstray(await get(gate, `${path}?__clerk_handshake=${token}`), own, path);
    }
  });

  test('by headers that speak of another host', async () => {
    const own = `127.0.0.1:${live.worker.port}`;
    const expired = sessionCookies(await live.clerk.token({ ...LIVE, ...ended() }), now() - 300);
    const headers = [
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Proto: javascript',
      'X-Forwarded-Port: 666',
      'Forwarded: host=evil.example;proto=https',
      'X-Host: evil.example',
      'X-Original-Host: evil.example',
      'X-Original-URL: https://evil.example/',
      'X-Rewrite-URL: //evil.example/',
      'Origin: https://evil.example',
      'Referer: https://evil.example/',
    ];
    for (const cookies of ['__client_uat=0', expired, sessionCookies(await live.clerk.token(LIVE))]) {
      for (const header of [...headers, headers.join('\r\n')]) {
        assertNotAstray(await get(live, '/dashboard', { cookies, more: [header] }), own, header, LIVE_FRONTEND_API);
      }
    }
  });

  test('by a Host that is none, or two', async () => {
    const expired = sessionCookies(await live.clerk.token({ ...LIVE, ...ended() }), now() - 300);
    const own = `127.0.0.1:${live.worker.port}`;
    const hosts = [
      `${own}@evil.example`,
      `${own}/@evil.example`,
      `${own}\\@evil.example`,
      `${own}#@evil.example`,
      `${own}?@evil.example`,
      'evil.example/',
      'evil.example:x',
      'evil.example:80:80',
      'evil example',
      'evil.example%2f',
      '[evil.example]',
      '',
    ];
    for (const cookies of ['__client_uat=0', expired]) {
      for (const host of hosts) assertNotAstray(await get(live, '/dashboard', { host, cookies }), own, `Host: ${host}`, LIVE_FRONTEND_API);
      assertNotAstray(await get(live, '/dashboard', { cookies, more: ['Host: evil.example'] }), own, 'two hosts', LIVE_FRONTEND_API);
    }
    assert.deepEqual(live.origin.seen, []);
  });

  test('through another name of the site: it stays there, and a cache keeps none of it', async () => {
    const response = await get(live, '/dashboard', { host: 'other.example', cookies: '__client_uat=0' });
    assertNotAstray(response, 'other.example', 'another name', LIVE_FRONTEND_API);
    assert.match(response.text, /^cache-control: no-store\r$/im);
  });

  test('a gate with addresses of this machine serves no other name', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      const response = await get(gate, '/dashboard', { host });
      assert.equal(response.status, 500, host);
      assert.doesNotMatch(response.text, /^location:/im);
    }
  });

  test('by a handshake behind a proxy: it begins at the proxy', async () => {
    const other = await startGate({ env: { CLERK_PROXY_URL: '/__clerk' } });
    try {
      const own = `127.0.0.1:${other.worker.port}`;
      for (const path of ['/dashboard', '//evil.example', '/dashboard?__clerk_redirect_url=https%3A%2F%2Fevil.example']) {
        const location = new URL(assertNotAstray(await get(other, path), own, path) ?? '');
        assert.equal(location.href.split('?')[0], `${other.url}/__clerk/v1/client/handshake`);
      }
    } finally {
      await other.stop();
    }
  });
});

describe('directives that break out of their header', () => {
  const breaking = ['\r\nx-injected: 1', '\nx-injected: 1', '\rx-injected: 1', '\0', '\u2028', '\u560a\u560dx-injected: 1'];

  test('set no cookie at all, however they come', async () => {
    const session = await gate.clerk.token();
    for (const text of breaking) {
      const directives = [...directivesFor(session), `a=b${text}; Path=/`];
      const token = await gate.clerk.handshakeToken(directives);
      backend({
        [REDEEM]: (response) => json(response, 200, { directives }),
        [REFRESH]: (response) => json(response, 200, { cookies: directives }),
      });
      for (const [path, cookies] of [
        [`/dashboard?__clerk_handshake=${token}`, SIGNED_OUT_COOKIES],
        ['/dashboard?__clerk_handshake_nonce=n', SIGNED_OUT_COOKIES],
        ['/dashboard', (await expiredCookies()).cookies],
      ]) {
        const response = await gate.request(path, { document: true, cookies });
        assert.equal(response.status, 307);
        assert.equal(response.headers.get('x-injected'), null);
        const set = response.headers.getSetCookie().filter((cookie) => !cookie.startsWith('__clerk_redirect_count='));
        assert.deepEqual(set, [], JSON.stringify(text));
      }
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('in a cookie of the request stay in it', async () => {
    for (const text of ['%0d%0ax-injected:%201', '%0a', '%00']) {
      const cookies = `__clerk_db_jwt=dvb${text}; __client_uat=1${text}; __clerk_redirect_count=1${text}`;
      const response = await gate.request('/dashboard', { document: true, cookies });
      assert.equal(response.status, 307);
      assert.equal(response.headers.get('x-injected'), null);
      assert.equal(new URL(response.headers.get('location') ?? '').host, FRONTEND_API);
      assert.equal(response.headers.getSetCookie().length, 1);
    }
  });
});

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
