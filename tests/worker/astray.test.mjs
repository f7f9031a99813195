// Where visitors are sent, and what they are never made to take, through the built Worker in workerd.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { FRONTEND_API, json } from '../support/clerk.mjs';
import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { LIVE, LIVE_FRONTEND_API, REDEEM, REFRESH, backend, directivesFor, ended, expiredCookies, gate, live, now, useGates } from '../support/session.mjs';

/** @typedef {Awaited<ReturnType<typeof import('../support/gate.mjs').startGate>>} Gate */

useGates();

describe('nobody is sent astray', () => {
  /** Asserts that a raw answer leads to `own` or the Frontend API only, and back to `own`; and that it sets no cookie but the counter. */
  function assertNotAstray(/** @type {{ status: number, text: string }} */ { status, text }, /** @type {string} */ own, /** @type {string} */ what, frontendApi = FRONTEND_API) {
    assert.ok(status >= 200 && status < 600, `${what}: no answer: ${text}`);
    const head = text.split('\r\n\r\n')[0].split('\r\n').slice(1);
    /** @param {string} name */
    const values = (name) => head.filter((line) => line.toLowerCase().startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
    for (const cookie of values('set-cookie')) assert.match(cookie, /^(__clerk_redirect_count=[123]; SameSite=Lax; HttpOnly; Max-Age=2|__portcullis_bounce=[\da-z.-]*; Path=\/; SameSite=Lax; HttpOnly; Max-Age=\d+)$/, what);
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
        const set = response.headers.getSetCookie().filter((cookie) => !/^__(clerk_redirect_count|portcullis_bounce)=/.test(cookie));
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
      assert.equal(response.headers.getSetCookie().filter((cookie) => !cookie.startsWith('__portcullis_bounce=')).length, 1);
    }
  });
});
