// The adapters where the example apps do not go: mounted, behind a proxy, with mistakes in the configuration, and with responses that
// are written in unusual ways.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, describe, test } from 'node:test';

import express from 'express';
import express4 from 'express4';
import { Hono } from 'hono';

import { gate as expressGate } from 'portcullis/express';
import { gate as honoGate } from 'portcullis/hono';
import { gate as nextGate } from 'portcullis/next';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { raw } from '../support/gate.mjs';
import { listen } from '../support/listen.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const config = { publishableKey, jwtKey: PEM, authorizedParties: [site], signInUrl: '/sign-in', public: ['/', '/sign-in', '/open/:path*'] };
const signedIn = () => ({ authorization: `Bearer ${jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh })}` });
const signedOut = { cookie: '__clerk_db_jwt=a; __client_uat=0', accept: 'text/html' };

/** @type {(() => void)[]} */
const stops = [];
after(() => stops.forEach((stop) => stop()));

/** @param {any} handler */
async function port(handler) {
  const server = createServer(handler);
  const port = await listen(server);
  stops.push(() => (server.closeAllConnections(), server.close()));
  return port;
}
/** @param {any} handler */
const serve = async (handler) => `http://127.0.0.1:${await port(handler)}`;
const get = (/** @type {string} */ url, headers = {}) => fetch(url, { headers, redirect: 'manual' });

const EXPRESSES = { 'Express 5': express, 'Express 4': /** @type {typeof express} */ (express4) };

describe('Express', () => {
  test('judges the whole path where the gate is mounted, and routes on by it', async () => {
    const app = express();
    app.use('/dash', expressGate(config));
    app.get('/dash/a', (request, response) => response.json([request.url, request.originalUrl, request.auth?.userId]));
    const url = await serve(app);
    assert.equal((await get(`${url}/dash/a`)).status, 401);
    assert.deepEqual(await (await get(`${url}/dash/%61?x=1`, signedIn())).json(), ['/dash/a?x=1', '/dash/a?x=1', 'user_1']);
  });

  test('a page that a visitor may not see is not where they come from, in any list of headers', async () => {
    const app = express();
    app.use(expressGate(config));
    app.use((request, response) => response.json([request.headers['next-url'], request.headersDistinct['next-url'], request.rawHeaders.filter((_, at) => request.rawHeaders[at - 1]?.toLowerCase() === 'next-url')]));
    const url = await serve(app);
    assert.deepEqual(await (await get(`${url}/open/7`, { 'Next-Url': '/dash' })).json(), ['/open/7', ['/open/7'], ['/open/7']]);
    assert.deepEqual(await (await get(`${url}/open/7`, { 'Next-Url': '/open/3' })).json(), ['/open/3', ['/open/3'], ['/open/3']]);
  });

  for (const [name, express] of Object.entries(EXPRESSES)) {
    /** An app with a secret behind the gate, under `/dash`, and the request line and fields of a request to it. */
    const ask = async (/** @type {(app: any) => void} */ mount, /** @type {string} */ target, /** @type {string[]} */ ...fields) => {
      const app = express();
      app.set('trust proxy', true);
      mount(app);
      app.use((/** @type {any} */ request, /** @type {any} */ response) => response.send(`reached ${request.originalUrl}`));
      app.use((/** @type {any} */ error, /** @type {any} */ _request, /** @type {any} */ response, /** @type {any} */ _next) => response.status(500).send(String(error)));
      const host = fields.some((field) => field.startsWith('Host:')) ? [] : ['Host: h'];
      const { status, text } = await raw(await port(app), [`GET ${target} HTTP/1.1`, ...host, ...fields, 'Connection: close', '', ''].join('\r\n'));
      return { status, isSecret: text.includes('SECRET') };
    };
    const secret = (/** @type {any} */ _request, /** @type {any} */ response) => response.send('SECRET');
    const open = { ...config, public: ['/', '/sign-in', '/open/:path*', '/dash/open/:path*'] };
    const MOUNTS = {
      'at the root': (/** @type {any} */ app) => (app.use(expressGate(open)), app.get('/dash/admin', secret)),
      'before a router': (/** @type {any} */ app) => (app.use(expressGate(open)), app.use('/dash', express.Router().get('/admin', secret))),
      'under a path': (/** @type {any} */ app) => (app.use('/dash', expressGate(open)), app.get('/dash/admin', secret)),
      'in a router': (/** @type {any} */ app) => app.use('/dash', express.Router().use(expressGate(open)).get('/admin', secret)),
    };
    for (const [where, mount] of Object.entries(MOUNTS)) {
      test(`${name}, ${where}: what a client says of its host moves no path`, async () => {
        for (const host of ['x/open/?', 'x/open/#', 'x\\open\\', 'x/open', 'x?', 'x#', 'a@b', 'x/open/\t', '']) {
          for (const field of [`Host: ${host}`, `X-Forwarded-Host: ${host}`, `X-Forwarded-Proto: http://${host}`]) {
            const { status, isSecret } = await ask(mount, '/dash/admin', field);
            assert.ok(!isSecret && [400, 401].includes(status), `${field}: ${status}`);
          }
        }
        assert.equal((await ask(mount, '/dash/admin')).status, 401);
        assert.equal((await ask(mount, '/dash/open/x')).status, 200);
      });

      test(`${name}, ${where}: a target that is no path is refused`, async () => {
        const lengths = Array.from({ length: 12 }, (_, length) => `http://h/dash/open/${'x'.repeat(length)}/admin`);
        for (const target of ['http://h/dash/admin', 'http://h/dash/open/x', 'x://h/dash/open/x/admin', 'h/dash/open', '*', 'http://h?/dash/admin', ...lengths]) {
          const { status, isSecret } = await ask(mount, target);
          // Where the gate is mounted under a path, Express finds none in some of them, and calls neither the gate nor what is behind it.
          assert.ok(!isSecret && (status === 400 || !target.startsWith('http://h/')), `${target}: ${status}`);
        }
      });

      test(`${name}, ${where}: a path that something has put in the place of the one that came is judged`, async () => {
        const rewrite = (/** @type {any} */ app) => (app.use((/** @type {any} */ request, /** @type {any} */ _response, /** @type {any} */ next) => ((request.url = request.url.replace('/dash/open/', '/dash/')), next())), mount(app));
        const { status, isSecret } = await ask(rewrite, '/dash/open/admin');
        assert.deepEqual([status, isSecret], [401, false]);
      });
    }

    test(`${name}: where a mount's path ends within a segment, nothing is routed that was not judged`, async () => {
      const mount = (/** @type {any} */ app) => (app.use('/dash', expressGate({ ...open, default: 'public', protected: ['/dash/board(.*)'] })), app.get('/dash/board/x', secret));
      for (const target of ['/dash/board/x', '/dash/../dashboard/x', '/dash/%2e%2e/dashboard/x', '/dash/..%2fdashboard/x', '/dash/x/../../dashboard/x']) {
        assert.equal((await ask(mount, target)).isSecret, false, target);
      }
    });

    test(`${name}: where nothing is left of the path behind the mount`, async () => {
      const mount = (/** @type {any} */ app) => app.use('/open', express.Router().use(expressGate(open)).get('/', secret));
      for (const target of ['/open', '/open/', '/open?x=1', '/open/?x=1']) assert.deepEqual(await ask(mount, target), { status: 200, isSecret: true }, target);
    });
  }

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
      noMessage: (/** @type {any} */ response) => response.writeHead(200, undefined, { 'Cache-Control': 'public', 'Set-Cookie': ['a=1', 'b=2'] }).end('x'),
      spelledTwice: (/** @type {any} */ response) => response.writeHead(200, ['Cache-Control', 'public', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2']).end('x'),
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
      assert.deepEqual(response.headers.getSetCookie(), ['object', 'flat', 'noMessage', 'spelledTwice'].includes(way) ? ['a=1', 'b=2'] : [], way);
      assert.equal(await response.text(), 'x');
    }
  });

  for (const [name, express] of Object.entries(EXPRESSES)) {
    test(`${name}: adds the cache rules to what is said instead of a head that could not be written`, async () => {
      const app = express();
      app.use(expressGate(config));
      app.use((/** @type {any} */ _request, /** @type {any} */ response) => response.writeHead(200, { 'x-own': 'a\nb' }).end('x'));
      app.use((/** @type {any} */ error, /** @type {any} */ _request, /** @type {any} */ response, /** @type {any} */ _next) => response.status(500).send(error.code));
      const response = await get(`${await serve(app)}/x`, signedIn());
      assert.deepEqual([response.status, await response.text()], [500, 'ERR_INVALID_CHAR']);
      assert.deepEqual([response.headers.get('cache-control'), response.headers.get('vary')], ['private', 'Cookie, Authorization']);
    });
  }

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

// It has `originalUrl` and no `baseUrl`, and takes off what it is mounted under, as here.
describe('Connect', () => {
  /** @param {string} mount @param {(request: any) => void} rewrite */
  const asked = (mount, rewrite) => async (/** @type {string} */ path) => {
    const through = expressGate({ ...config, public: [...config.public, '/dash', '/dash/open/:path*'] });
    const url = await serve((/** @type {any} */ request, /** @type {any} */ response) => {
      request.originalUrl = request.url;
      request.url = request.url.slice(mount.length);
      if (!request.url.startsWith('/')) request.url = `/${request.url}`;
      rewrite(request);
      through(request, response, (/** @type {any} */ error) => response.end(error === undefined ? 'passed' : (response.statusCode = 500, String(error))));
    });
    const response = await get(url + path);
    assert.match(await response.text(), /^passed$|^{/);
    return response.status;
  };

  test('is judged by the whole path', async () => {
    const mounted = asked('/dash', () => {});
    for (const [path, status] of /** @type {[string, number][]} */ ([['/dash/open/x?y', 200], ['/dash', 200], ['/dash?x', 200], ['/dash/', 200], ['/dash/admin', 401]])) {
      assert.equal(await mounted(path), status, path);
    }
    assert.equal(await asked('', () => {})('/open/x'), 200);
  });

  test('passes no path that something has put in the place of the one that came', async () => {
    for (const mount of ['', '/dash']) {
      for (const url of ['/admin', '/admin?open', '/open/admin']) {
        assert.equal(await asked(mount, (request) => (request.url = url))(`${mount}/open/x`), 400, `${mount} ${url}`);
      }
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

  test('leaves a body alone that was read before it', async () => {
    const app = new Hono();
    app.use(async (c, next) => (await c.req.text(), next()));
    app.use(honoGate(config));
    app.post('/x', async (c) => c.json([await c.req.text(), c.req.header('x-portcullis-role') ?? null]));
    const response = await app.request(`${site}/x`, { method: 'POST', body: 'said', headers: { ...signedIn(), 'x-portcullis-role': 'admin' } });
    assert.deepEqual(await response.json(), ['said', null]);
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

  test('comes from a page that a visitor may see, or from the page itself', async () => {
    const proxy = nextGate(config);
    const from = async (/** @type {string} */ page, headers = {}) => {
      const response = await proxy(new Request(`${site}/open/7`, { headers: { 'next-url': page, ...headers } }));
      assert.equal(response.headers.get('x-middleware-next'), '1');
      return response.headers.get('x-middleware-request-next-url');
    };
    // Twice: what is known of a decision is not said again.
    for (let time = 0; time < 2; time += 1) {
      assert.equal(await from('/dashboard'), '/open/7');
      assert.equal(await from('/open/3'), '/open/3');
      assert.equal(await from('/dashboard', signedIn()), '/dashboard');
    }
  });

  test('what is for one user is so for every cache of a network', async () => {
    const response = await nextGate(config)(new Request(`${site}/x`, { headers: signedIn() }));
    for (const name of ['cache-control', 'cdn-cache-control', 'vercel-cdn-cache-control', 'surrogate-control']) assert.equal(response.headers.get(name), 'private', name);
    const open = await nextGate(config)(new Request(`${site}/open/x`));
    assert.equal(open.headers.get('cdn-cache-control'), null);
  });

  test('what a client says of its host moves no path', async () => {
    const proxy = nextGate(config);
    for (const host of ['localhost/open/?', 'localhost/open/#', 'localhost\\open\\?', 'localhost/open/', 'localhost/?', 'a@b']) {
      const response = await proxy(new Request('http://localhost:3000/admin', { headers: { host } }));
      assert.deepEqual([response.status, response.headers.get('x-middleware-next')], [400, null], host);
    }
    assert.equal((await proxy(new Request('http://localhost:3000/admin', { headers: { host: 'localhost' } }))).status, 401);
    assert.equal((await proxy(new Request('http://localhost:3000/open/x', { headers: { host: 'localhost' } }))).headers.get('x-middleware-next'), '1');
  });

  test('a mistake in the configuration rejects every request', async () => {
    const proxy = nextGate(/** @type {any} */ ({ ...config, signinUrl: '/x' }));
    for (let time = 0; time < 2; time += 1) await assert.rejects(proxy(new Request(site)), /did you mean `signInUrl`/);
  });
});

test('a gate that could not be made is made by the next request, unless its configuration is wrong', async () => {
  for (const [error, expected] of /** @type {[Error, number]} */ ([[new Error('no configuration yet'), 2], [Object.assign(new Error('wrong'), { code: 'invalid-options' }), 1]])) {
    let calls = 0;
    const proxy = nextGate(() => {
      calls += 1;
      if (calls === 1) throw error;
      return config;
    });
    await assert.rejects(proxy(new Request(site)), error);
    await proxy(new Request(site)).then((response) => assert.equal(response.status, 200), (again) => assert.equal(again, error));
    assert.equal(calls, expected);
  }
});

test('options of an adapter are checked when it is made', () => {
  for (const gate of [expressGate, honoGate, nextGate]) {
    assert.throws(() => gate(config, /** @type {any} */ ({ origin: 'https://a' })), /unknown option `origin`/);
    for (const publicOrigin of ['example.com', 'https://a/b', 'https://u@a', 'javascript:x']) {
      assert.throws(() => gate(config, { publicOrigin }), /`publicOrigin` is no origin/);
    }
  }
});
