// Expired tokens with a refresh token, and what ends a loop, through the built Worker in workerd.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { SECRET_KEY, cookieSuffix, json } from '../support/clerk.mjs';
import { sessionCookies } from '../support/gate.mjs';
import { LIVE_PUBLISHABLE_KEY, OUTAGES, REFRESH, SUFFIX, assertHandshake, assertPage, assertSignIn, backend, cookiesSet, directivesFor, ended, expiredCookies, foreignKey, gate, now, taken, useGates } from '../support/session.mjs';

useGates();

describe('an expired token with a refresh token', () => {
  test('is renewed on the way: the page comes, with the new cookies', async () => {
    const directives = directivesFor(await gate.clerk.token());
    const sent = backend({ [REFRESH]: (response) => json(response, 200, { object: 'cookies', cookies: directives }) });
    const { token, cookies } = await expiredCookies();
    const response = await gate.request('/dashboard?tab=1', { document: true, cookies });
    assert.deepEqual(cookiesSet(response), directives);
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
    assert.deepEqual(cookiesSet(response), ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT', 'c=3', ...directives]);
  });

  test('is renewed for a fetch as well', async () => {
    const directives = directivesFor(await gate.clerk.token());
    backend({ [REFRESH]: (response) => json(response, 200, { cookies: directives }) });
    const response = await gate.request('/api/protected', { cookies: (await expiredCookies()).cookies });
    assert.deepEqual(cookiesSet(response), directives);
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
      assert.deepEqual(cookiesSet(api), []);
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
    assert.deepEqual(cookiesSet(api), []);
    assertHandshake(await gate.request('/dashboard', { document: true, token, cookies }), /non-eligible-header-token$/);
    assert.deepEqual(sent, []);
  });

  test('is not renewed for anything but a GET', async () => {
    const sent = backend({});
    const { cookies } = await expiredCookies();
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD']) {
      const response = await gate.request('/api/protected', { cookies, method });
      assert.equal(response.status, 401, method);
      assert.deepEqual(cookiesSet(response), []);
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
  /** The cause is shown, and the browser is sent nowhere. @param {Response} response */
  async function assertExplained(response) {
    assert.equal(response.status, 401);
    assert.match(await response.text(), /<code>loop-cookie-blocked<\/code>/);
    assert.deepEqual(gate.origin.seen, []);
  }

  test('ends with the fourth, by the cookie that counts them', async () => {
    const { cookies } = await expiredCookies({}, { refresh: '' });
    let counter = '';
    for (const count of [1, 2, 3]) {
      const response = await gate.request('/dashboard', { document: true, cookies: `${cookies}${counter}` });
      assertHandshake(response, /^session-token-expired/, count);
      counter = `; ${taken(response.headers.getSetCookie())}`;
    }
    const fourth = await gate.request('/dashboard', { document: true, cookies: `${cookies}${counter}` });
    assert.deepEqual(cookiesSet(fourth), []);
    await assertExplained(fourth);
    const fresh = await gate.request('/dashboard', { document: true, cookies: `${sessionCookies(await gate.clerk.token())}${counter}` });
    await assertPage(fresh);
  });

  test('is not begun by a count that nobody set, nor prolonged by one', async () => {
    for (const count of ['4', '99', '3.5', '1e9', 'Infinity', '0x3']) {
      const { cookies } = await expiredCookies({}, { refresh: '', count });
      await assertExplained(await gate.request('/dashboard', { document: true, cookies }));
    }
    for (const count of ['-1', 'NaN', 'x', '-Infinity', '']) {
      const { cookies } = await expiredCookies({}, { refresh: '' });
      assertHandshake(await gate.request('/dashboard', { document: true, cookies: `${cookies}; __clerk_redirect_count=${count}` }), /^session-token-expired/, 1);
    }
  });
});
