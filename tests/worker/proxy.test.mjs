// The Frontend API's proxy. Every fetch of the Worker goes to one server, which is told the whole URL; the built Worker in workerd.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import { clerkFrontendApiProxy } from '@clerk/backend/proxy';

import { PARTY, PUBLISHABLE_KEY, SECRET_KEY, startClerk } from '../support/clerk.mjs';
import { POLICY, raw, sessionCookies } from '../support/gate.mjs';
import { FRONTEND_API_ORIGIN, startInternet } from '../support/internet.mjs';
import { startOrigin } from '../support/origin.mjs';
import { startWorker } from '../support/workerd.mjs';

/** @type {Awaited<ReturnType<typeof startClerk>>} */
let clerk;
/** @type {Awaited<ReturnType<typeof startOrigin>>} */
let origin;
/** @type {Awaited<ReturnType<typeof startInternet>>} */
let internet;
/** @type {Awaited<ReturnType<typeof startWorker>>} */
let worker;

/** @param {Record<string, unknown>} policy @param {Record<string, string | undefined>} [env] @param {Record<string, any>} [more] */
const start = (policy, env = {}, more = {}) =>
  startWorker({
    env: {
      CLERK_PUBLISHABLE_KEY: PUBLISHABLE_KEY, CLERK_SECRET_KEY: SECRET_KEY, CLERK_JWT_KEY: clerk.pem, ...env,
      PORTCULLIS: { ...POLICY, ...policy },
    },
    binding: { name: 'ORIGIN', address: `127.0.0.1:${origin.port}` },
    routeOrigin: internet.address,
    wholeUrls: true,
    ...more,
  });

before(async () => {
  [clerk, origin, internet] = await Promise.all([startClerk(), startOrigin(), startInternet()]);
  worker = await start({ proxy: true });
});
after(() => Promise.all([worker?.stop(), clerk?.stop(), origin?.stop(), internet?.stop()]));
beforeEach(() => {
  internet.clear();
  origin.clear();
});

/** @param {string} path @param {RequestInit} [init] */
const ask = (path, init) => fetch(worker.url + path, { redirect: 'manual', ...init });
const proxyUrl = () => `${worker.url}/__clerk`;

describe('the secret key', () => {
  test('goes to the Frontend API alone, whatever the path says', async () => {
    const targets = [
      '/__clerk/..%2fadmin', '/__clerk/%2e%2e/admin', '/__clerk/../admin', '/__clerk/..%5cadmin', '/__clerk/..;/admin', '/__clerk/%252e%252e%252fadmin',
      '/x/..%2f__clerk/v1/client', '//evil.example/__clerk/v1', '/__clerk//evil.example/v1', '/__clerk///evil.example', '/__clerk/\\evil.example/v1', '/__clerk\\\\evil.example/',
      '/__clerk/%2f%2fevil.example/v1', '/__clerk/%5c%5cevil.example', '/__clerk@evil.example/', '/__clerk/@evil.example/', '/__clerk.evil.example/', '/__clerk:8443/', '/__clerk:x@evil.example/',
      '/__clerkevil/v1', '/__clerk%2fevil', '/__clerk%00/v1', '/__clerk/v1%0d%0aHost:%20evil.example', '/__clerk?@evil.example/', '/__clerk#@evil.example/', '/__CLERK/v1/client', '/%5f_clerk/v1/client',
      '/__clerk/v1/https://evil.example', '/_next/data/x/__clerk/v1.json', '/en/__clerk/v1',
    ];
    for (const target of targets) await raw(worker.port, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${worker.port}\r\nConnection: close\r\n\r\n`);
    for (const { url } of internet.asked) assert.ok(url.startsWith(`${FRONTEND_API_ORIGIN}/`), url);
    assert.ok(internet.asked.length > 2);
    assert.ok(!JSON.stringify(origin.seen).includes(SECRET_KEY));
    assert.ok(!worker.log().includes(SECRET_KEY));
  });

  test('is not shown to the client', async () => {
    const response = await ask('/__clerk/v1/client');
    assert.ok(!(JSON.stringify([...response.headers]) + (await response.text())).includes(SECRET_KEY));
  });

  test('goes alone: what the gate signs for the origin is not for Clerk', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    const signing = await start({ proxy: true }, { PORTCULLIS_SIGNING_KEY: String(key) });
    try {
      assert.equal((await fetch(`${signing.url}/__clerk/v1/client`)).status, 200);
      assert.deepEqual(Object.keys(internet.asked[0].headers).filter((name) => name.startsWith('x-portcullis')), []);
      assert.equal((await fetch(`${signing.url}/`)).status, 200);
      assert.ok(origin.seen[0].headers['x-portcullis-assertion']);
    } finally {
      await signing.stop();
    }
  });

  test('is not taken from a client', async () => {
    await ask('/__clerk/v1/client', { headers: { 'clerk-secret-key': 'sk_test_forged', clerk_secret_key: 'forged', 'clerk-proxy-url': 'https://evil.example/__clerk' } });
    const [{ headers }] = internet.asked;
    assert.equal(headers['clerk-secret-key'], SECRET_KEY);
    assert.equal(headers['clerk-proxy-url'], proxyUrl());
  });
});

describe('a path that not every reader takes for the proxy\'s', () => {
  test('is refused, and reaches neither side', async () => {
    for (const path of ['/__clerk/..%2fadmin', '/x/..%2f__clerk/v1/client', '/__clerk/..%5c..%5cadmin']) {
      const { status } = await raw(worker.port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      assert.equal(status, 400, path);
    }
    assert.deepEqual([...internet.asked, ...origin.seen], []);
  });

  test('is the policy\'s where it only looks alike', async () => {
    for (const path of ['/__clerkevil/v1', '/__clerk.x/v1', '/x/__clerk/v1']) assert.equal((await ask(path)).status, 401, path);
    assert.deepEqual(internet.asked, []);
  });
});

describe('a request', () => {
  test('says by which address Clerk is reached and who asks, and keeps what is the client\'s', async () => {
    const forged = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'gopher', 'x-real-ip': '203.0.113.9', 'true-client-ip': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-portcullis-user-id': 'user_x' };
    Object.assign(forged, { x_forwarded_for: '203.0.113.9', clerk_secret_key: 'evil', 'clerk.proxy.url': 'evil', cf_connecting_ip: '203.0.113.9', 'fastly-client-ip': '203.0.113.9', 'client-ip': '203.0.113.9', 'x-original-forwarded-for': '203.0.113.9' });
    const own = { cookie: '__client=a; __session=b', authorization: 'c', 'content-type': 'application/x-www-form-urlencoded', 'x-clerk-client': 'd', origin: 'https://example.com' };
    await ask('/__clerk/v1/client/sign_ins?_clerk_js_version=5&a=%20', { method: 'POST', body: 'identifier=x', headers: { ...forged, ...own, 'cf-connecting-ip': '192.0.2.7' } });
    const [{ method, url, headers }] = internet.asked;
    assert.equal(method, 'POST');
    assert.equal(url, `${FRONTEND_API_ORIGIN}/v1/client/sign_ins?_clerk_js_version=5&a=%20`);
    assert.equal(headers.host, 'frontend-api.clerk.dev');
    assert.equal(headers['clerk-proxy-url'], proxyUrl());
    assert.equal(headers['x-forwarded-for'], '192.0.2.7');
    assert.equal(headers['x-forwarded-host'], new URL(worker.url).host);
    assert.equal(headers['x-forwarded-proto'], 'http');
    for (const [name, value] of Object.entries(own)) assert.equal(headers[name], value, name);
    assert.ok(!/203\.0\.113\.9|evil|gopher|user_x/.test(JSON.stringify(headers)));
    assert.deepEqual(origin.seen, []);
  });

  test('is Clerk\'s own proxy\'s request, and so is the answer', async () => {
    for (const [path, init] of /** @type {[string, RequestInit][]} */ ([
      ['/__clerk/v1/client?a=1&b=%20', { headers: { cookie: '__client=a', 'cf-connecting-ip': '192.0.2.7' } }],
      ['/__clerk/v1/client/sign_ins', { method: 'POST', body: 'identifier=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
      ['/__clerk', {}],
      ['/__clerk/v1/x?cookies&location=/v1/y', { redirect: 'manual' }],
    ])) {
      internet.clear();
      const [ours, theirs] = [await ask(path, init), await clerkFrontendApiProxy(new Request(worker.url + path, init), { publishableKey: PUBLISHABLE_KEY, secretKey: SECRET_KEY, fapiUrl: internet.url })];
      const [asked, expected] = internet.asked;
      assert.equal(asked.url.slice(FRONTEND_API_ORIGIN.length), expected.url, path);
      for (const name of ['clerk-proxy-url', 'clerk-secret-key', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'cookie', 'content-type']) {
        assert.equal(asked.headers[name], expected.headers[name], `${path} ${name}`);
      }
      assert.deepEqual([asked.method, ours.status, ours.headers.get('location'), ours.headers.getSetCookie()], [expected.method, theirs.status, theirs.headers.get('location'), theirs.headers.getSetCookie()], path);
      assert.equal(await ours.text(), await theirs.text());
    }
  });

  test('loses what is for one hop, also what the client names so', async () => {
    await raw(worker.port, `GET /__clerk/v1/client HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close, X-Hop\r\nX-Hop: a\r\nTE: trailers\r\nProxy-Authorization: b\r\nX-Kept: c\r\n\r\n`);
    const [{ headers }] = internet.asked;
    for (const name of ['x-hop', 'te', 'proxy-authorization']) assert.equal(headers[name], undefined, name);
    assert.equal(headers['x-kept'], 'c');
  });

  test('needs no session, and a bad one does not matter', async () => {
    for (const path of ['/__clerk', '/__clerk/', '/__clerk/v1/environment', '/__clerk/npm/@clerk/clerk-js@5/dist/clerk.browser.js']) {
      assert.equal((await ask(path, { headers: { authorization: 'Bearer nonsense' } })).status, 200, path);
    }
    assert.deepEqual(internet.asked.map(({ url }) => url.slice(FRONTEND_API_ORIGIN.length)), ['/', '/', '/v1/environment', '/npm/@clerk/clerk-js@5/dist/clerk.browser.js']);
  });

  test('and its answer stream', async () => {
    const body = Buffer.alloc(3 * 1024 * 1024, 'x');
    assert.equal((await (await ask('/__clerk/v1/echo', { method: 'POST', body })).arrayBuffer()).byteLength, body.length);
    const response = await ask('/__clerk/v1/slow');
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'first');
    internet.goOn();
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), 'last');
  });
});

describe('an answer', () => {
  test('that redirects to the Frontend API leads to the proxy, one that leads elsewhere stays as it is, and none is followed', async () => {
    for (const [location, expected] of [
      ['/v1/next?x=1', `${proxyUrl()}/v1/next?x=1`],
      [`${FRONTEND_API_ORIGIN}/v1/next`, `${proxyUrl()}/v1/next`],
      ['https://accounts.google.com/o?x=1', 'https://accounts.google.com/o?x=1'],
      ['https://frontend-api.clerk.dev.evil.example/', 'https://frontend-api.clerk.dev.evil.example/'],
      ['myapp://callback', 'myapp://callback'],
    ]) {
      const response = await ask(`/__clerk/v1/x?location=${encodeURIComponent(location)}`);
      assert.equal(response.status, 302);
      assert.equal(response.headers.get('location'), expected);
    }
    assert.equal(internet.asked.length, 5);
  });

  test('keeps each cookie as Clerk wrote it, and is kept by no cache where it is one user\'s', async () => {
    const cookies = await ask('/__clerk/v1/client?cookies&cache=public,%20s-maxage=60');
    assert.deepEqual(cookies.headers.getSetCookie(), ['__client=a; Path=/; Domain=example.com; HttpOnly', '__client_uat=1; Path=/']);
    assert.equal(cookies.headers.get('cache-control'), 'private');
    assert.equal((await ask('/__clerk/v1/client')).headers.get('cache-control'), 'no-store');
    assert.equal((await ask('/__clerk/npm/x.js?cache=public,%20max-age=60')).headers.get('cache-control'), 'public, max-age=60');
    assert.equal(cookies.headers.get('alt-svc'), null);
  });

  test('that does not come is a 502 that names no host, with the cause in the log', async () => {
    const response = await ask('/__clerk/v1/hang-up');
    assert.equal(response.status, 502);
    assert.deepEqual(await response.json(), { type: 'about:blank', title: 'Origin unreachable', status: 502, reason: 'frontend-api-unreachable' });
    assert.match(worker.log(), /"event":"origin-unreachable".*"rule":"proxy \/__clerk"/);
  });
});

describe('the gate around it', () => {
  test('sends browsers through the proxy for their handshake', async () => {
    const expired = await clerk.token({ iat: 1, nbf: 1, exp: 2 });
    const response = await ask('/dashboard', { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', cookie: sessionCookies(expired) } });
    assert.equal(response.status, 307);
    assert.ok(response.headers.get('location')?.startsWith(`${proxyUrl()}/v1/client/handshake?`), String(response.headers.get('location')));
  });

  test('takes tokens that the proxy\'s address issued, below an authorized party only', async () => {
    for (const [iss, status] of /** @type {[string, number][]} */ ([[`${PARTY}/__clerk`, 200], ['https://evil.example/__clerk', 401], [`${PARTY}/__clerkx`, 401]])) {
      assert.equal((await ask('/dashboard', { headers: { authorization: `Bearer ${await clerk.token({ iss })}` } })).status, status, iss);
    }
  });

  test('adds nothing to Clerk\'s answers, and lets Clerk answer preflights', async () => {
    const other = await start({ proxy: '/auth/clerk', security_headers: true, csp: { mode: 'strict' }, cors: { origins: ['https://app.example.com'] } });
    try {
      const response = await fetch(`${other.url}/auth/clerk/v1/client`, { method: 'OPTIONS', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET' } });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-security-policy'), null);
      assert.equal(internet.asked.at(-1)?.headers['clerk-proxy-url'], `${other.url}/auth/clerk`);
      assert.equal(internet.asked.at(-1)?.headers['x-nonce'], undefined);
    } finally {
      await other.stop();
    }
  });

  test('counts towards limits', async () => {
    const rate_limits = [{ match: '/__clerk/v1/client/sign_ins(.*)', methods: ['POST'], binding: 'SIGN_INS', per: 'client' }];
    const limited = await start({ proxy: true, rate_limits }, {}, { rateLimits: { SIGN_INS: { limit: 1 } } });
    try {
      const post = async () => (await fetch(`${limited.url}/__clerk/v1/client/sign_ins`, { method: 'POST', body: 'x' })).status;
      const statuses = [await post(), await post(), await post()];
      assert.ok(statuses.includes(429), String(statuses));
    } finally {
      await limited.stop();
    }
  });
});

describe('the setting', () => {
  /** @param {Record<string, unknown>} policy @param {Record<string, string | undefined>} env @param {(url: string, log: () => string) => Promise<void>} run */
  const withWorker = async (policy, env, run) => {
    const other = await start(policy, env);
    try {
      await run(other.url, other.log);
    } finally {
      await other.stop();
    }
  };

  test('is off by default: the path is like any other', () =>
    withWorker({}, {}, async (url) => {
      assert.equal((await fetch(`${url}/__clerk/v1/client`)).status, 401);
      assert.deepEqual(internet.asked, []);
    }));

  test('that cannot hold is an error', async () => {
    for (const [policy, env, said] of /** @type {[any, any, RegExp][]} */ ([
      [{ proxy: true }, { CLERK_SECRET_KEY: undefined }, /setting `CLERK_SECRET_KEY` is missing: expected a secret key, by which the Frontend API/],
      [{ proxy: true }, { CLERK_PROXY_URL: 'https://example.com/other' }, /setting `proxy`: `CLERK_PROXY_URL` has another path/],
      [{ proxy: '/a/../b' }, {}, /setting `proxy` is `\/a\/\.\.\/b`/],
      [{ proxy: true }, { CLERK_FAPI_URL: 'http://evil.example' }, /setting `CLERK_FAPI_URL` is `http:\/\/evil\.example`, expected an `https` URL/],
      [{ proxy: true }, { CLERK_FAPI_URL: 'https://evil.example/x' }, /setting `CLERK_FAPI_URL` is `https:\/\/evil\.example\/x`, expected an `https` URL without a path/],
    ])) {
      await withWorker(policy, env, async (url, log) => {
        assert.equal((await fetch(`${url}/__clerk/v1/client`)).status, 500);
        assert.match(log(), said);
      });
    }
    assert.deepEqual(internet.asked, []);
  });

  test('says the proxy\'s address in full where `CLERK_PROXY_URL` does', () =>
    withWorker({ proxy: true }, { CLERK_PROXY_URL: 'https://example.com/__clerk' }, async (url) => {
      await fetch(`${url}/__clerk/v1/client`);
      assert.equal(internet.asked.at(-1)?.headers['clerk-proxy-url'], 'https://example.com/__clerk');
    }));
});
