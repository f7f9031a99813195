// The adapters where the example apps do not go: mounted, behind a proxy, with mistakes in the configuration, and with responses that
// are written in unusual ways.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, describe, test } from 'node:test';

import express from 'express';
import { Hono } from 'hono';

import { gate as expressGate } from 'portcullis/express';
import { gate as honoGate } from 'portcullis/hono';
import { gate as nextGate } from 'portcullis/next';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { listen } from '../support/listen.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const config = { publishableKey, jwtKey: PEM, authorizedParties: [site], signInUrl: '/sign-in', public: ['/', '/sign-in', '/open/:path*'] };
const signedIn = () => ({ authorization: `Bearer ${jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh })}` });
const signedOut = { cookie: '__clerk_db_jwt=a; __client_uat=0', accept: 'text/html' };

/** @type {(() => void)[]} */
const stops = [];
after(() => stops.forEach((stop) => stop()));

/** @param {any} handler @returns {Promise<string>} */
async function serve(handler) {
  const server = createServer(handler);
  const port = await listen(server);
  stops.push(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${port}`;
}
const get = (/** @type {string} */ url, headers = {}) => fetch(url, { headers, redirect: 'manual' });

describe('Express', () => {
  test('judges the whole path where the gate is mounted, and routes on by it', async () => {
    const app = express();
    app.use('/dash', expressGate(config));
    app.get('/dash/a', (request, response) => response.json([request.url, request.originalUrl, request.auth?.userId]));
    const url = await serve(app);
    assert.equal((await get(`${url}/dash/a`)).status, 401);
    assert.deepEqual(await (await get(`${url}/dash/%61?x=1`, signedIn())).json(), ['/dash/a?x=1', '/dash/a?x=1', 'user_1']);
  });

  test('believes a proxy only as far as Express does', async () => {
    const location = async (/** @type {any} */ trust, /** @type {any} */ options) => {
      const app = express();
      app.set('trust proxy', trust);
      app.use(expressGate(config, options));
      const response = await get(`${await serve(app)}/x`, { ...signedOut, 'x-forwarded-host': 'app.example.com', 'x-forwarded-proto': 'https' });
      return new URL(response.headers.get('location') ?? '').origin;
    };
    assert.match(await location(false, undefined), /^http:\/\/127\.0\.0\.1:/);
    assert.equal(await location(true, undefined), 'https://app.example.com');
    assert.equal(await location(false, { publicOrigin: 'https://public.example.com' }), 'https://public.example.com');
  });

  test('keeps what was taken off and set in every view that Node has of the headers', async () => {
    const through = expressGate(config);
    const url = await serve((/** @type {any} */ request, /** @type {any} */ response) => {
      void request.headersDistinct;
      through(request, response, () => response.end(JSON.stringify([request.headers, request.headersDistinct, request.rawHeaders])));
    });
    const [plain, distinct, raw] = await (await get(`${url}/x`, { ...signedIn(), 'X-Portcullis-Role': 'admin', 'x_portcullis_org_id': 'o' })).json();
    assert.equal(plain['x-portcullis-user-id'], 'user_1');
    assert.deepEqual(distinct['x-portcullis-user-id'], ['user_1']);
    assert.equal(raw[raw.indexOf('x-portcullis-user-id') + 1], 'user_1');
    for (const view of [Object.keys(plain), Object.keys(distinct), raw]) {
      assert.ok(!view.some((/** @type {string} */ name) => /portcullis.(role|org)/i.test(name)), String(view));
    }
  });

  test('adds the cache rules however the head is written', async () => {
    const ways = {
      object: (/** @type {any} */ response) => response.writeHead(200, { 'Cache-Control': 'public', 'Set-Cookie': ['a=1', 'b=2'] }).end('x'),
      message: (/** @type {any} */ response) => response.writeHead(201, 'Made', { 'cache-control': 'public' }).end('x'),
      flat: (/** @type {any} */ response) => response.writeHead(200, ['Cache-Control', 'public', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end('x'),
      pairs: (/** @type {any} */ response) => response.writeHead(200, [['Cache-Control', 'public']]).end('x'),
      none: (/** @type {any} */ response) => response.end('x'),
      stream: (/** @type {any} */ response) => (response.setHeader('surrogate-control', 'max-age=9'), response.write('x'), response.end()),
    };
    const through = expressGate(config);
    const url = await serve((/** @type {any} */ request, /** @type {any} */ response) =>
      through(request, response, () => /** @type {any} */ (ways)[request.url.slice(1)](response)),
    );
    for (const way of Object.keys(ways)) {
      const response = await get(`${url}/${way}`, signedIn());
      assert.deepEqual([response.headers.get('cache-control'), response.headers.get('vary'), response.headers.get('surrogate-control')], ['private', 'Cookie, Authorization', null], way);
      assert.deepEqual(response.headers.getSetCookie(), ['object', 'flat'].includes(way) ? ['a=1', 'b=2'] : [], way);
      assert.equal(await response.text(), 'x');
    }
  });

  test('hands a mistake in the configuration to the error handler, for every request', async () => {
    const app = express();
    app.use(expressGate(/** @type {any} */ ({ ...config, signinUrl: '/x' })));
    app.get('/', () => assert.fail('the app was called'));
    app.use((/** @type {any} */ error, /** @type {any} */ _request, /** @type {any} */ response, /** @type {any} */ _next) => response.status(500).send(error.message));
    const url = await serve(app);
    for (let time = 0; time < 2; time += 1) {
      const response = await get(url);
      assert.equal(response.status, 500);
      assert.match(await response.text(), /did you mean `signInUrl`/);
    }
  });
});

describe('Hono', () => {
  test('takes its configuration from the environment that comes with a request', async () => {
    const app = new Hono();
    let calls = 0;
    app.use(honoGate((c) => ((calls += 1), { ...config, jwtKey: /** @type {any} */ (c.env).PEM })));
    app.get('/x', (c) => c.json(c.get('auth')?.userId));
    for (let time = 0; time < 2; time += 1) assert.equal(await (await app.request(`${site}/x`, { headers: signedIn() }, { PEM })).json(), 'user_1');
    assert.equal(calls, 1);
  });

  test('leaves cookies and headers of the app in place', async () => {
    const app = new Hono();
    app.use(honoGate(config));
    app.get('/x', (c) => (c.header('set-cookie', 'a=1'), c.header('set-cookie', 'b=2', { append: true }), c.header('cdn-cache-control', 'max-age=9'), c.text('ok', 201)));
    const response = await app.request(`${site}/x`, { headers: signedIn() });
    assert.deepEqual([response.status, response.headers.getSetCookie(), response.headers.get('cdn-cache-control'), response.headers.get('cache-control')], [201, ['a=1', 'b=2'], null, 'private']);
    assert.equal(await response.text(), 'ok');
  });

  test('a mistake in the configuration is an error for every request', async () => {
    const app = new Hono();
    app.onError((error, c) => c.text(error.message, 500));
    app.use(honoGate(/** @type {any} */ ({ ...config, signinUrl: '/x' })));
    app.get('/', () => assert.fail('the app was called'));
    const response = await app.request(`${site}/`);
    assert.deepEqual([response.status, /signInUrl/.test(await response.text())], [500, true]);
  });
});

describe('Next.js', () => {
  test('names every header that the app is to have, and none of the client\'s reserved ones', async () => {
    const proxy = nextGate(config, { publicOrigin: 'https://public.example.com' });
    const response = await proxy(new Request(`${site}/x`, { headers: { ...signedIn(), 'x-portcullis-role': 'admin', accept: 'a' } }));
    const names = response.headers.get('x-middleware-override-headers')?.split(',') ?? [];
    assert.equal(response.headers.get('x-middleware-next'), '1');
    assert.ok(names.includes('accept') && names.includes('x-portcullis-user-id') && !names.includes('x-portcullis-role'));
    assert.equal(response.headers.get('x-middleware-request-x-portcullis-user-id'), 'user_1');
    assert.equal(response.headers.get('x-middleware-request-x-forwarded-host'), 'public.example.com');
  });

  test('a mistake in the configuration rejects every request', async () => {
    const proxy = nextGate(/** @type {any} */ ({ ...config, signinUrl: '/x' }));
    for (let time = 0; time < 2; time += 1) await assert.rejects(proxy(new Request(site)), /did you mean `signInUrl`/);
  });
});

test('options of an adapter are checked when it is made', () => {
  for (const gate of [expressGate, honoGate, nextGate]) {
    assert.throws(() => gate(config, /** @type {any} */ ({ origin: 'https://a' })), /unknown option `origin`/);
    for (const publicOrigin of ['example.com', 'https://a/b', 'https://u@a', 'javascript:x']) {
      assert.throws(() => gate(config, { publicOrigin }), /`publicOrigin` is no origin/);
    }
  }
});
