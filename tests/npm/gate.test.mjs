// `createGate`: what it refuses to be configured with, what it hands on, and how it fails.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, mock, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { core } from '../../npm/gate-core.js';
import { createGate } from '../../npm/node.js';
import { listen } from '../support/listen.mjs';
import { configOf, token } from '../support/site.mjs';
import { INSTANCES, JWK, jws, times } from '../oracle/authenticate/instance.mjs';

const { site, api } = INSTANCES.dev;
const CONFIG = configOf();
const signedIn = () => ({ authorization: `Bearer ${token()}` });
/** @param {string} path @param {any} [init] */
const request = (path, init) => new Request(site + path, init);
/** @param {Promise<unknown>} call */
const failure = (call) => call.then(() => assert.fail('nothing was thrown'), (error) => error);

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
  mock.restoreAll();
});

describe('a configuration', () => {
  test('is refused with all its mistakes at once, each named as it was written', async () => {
    const error = await failure(createGate(/** @type {any} */ ({
      ...CONFIG, secretkey: 'x', authorisedParties: [], sign_in_url: '/x', public: ['/:'], missingAzp: 'maybe',
      rules: [{ match: '/x', requires: { role: 'org:admin' } }, { match: '/y', require: { role: 'admin' } }],
    })));
    assert.deepEqual([error.name, error.code, error.reason], ['PortcullisError', 'invalid-options', 'invalid-options']);
    const settings = error.errors.map((/** @type {any} */ { setting }) => setting);
    assert.deepEqual(settings.sort(), ['authorisedParties', 'missingAzp', 'public[0]', 'rules[0].requires', 'rules[1].require.role', 'secretkey', 'sign_in_url']);
    for (const help of ['did you mean `authorizedParties`', 'did you mean `signInUrl`', 'did you mean `secretKey`', 'did you mean `require`']) {
      assert.ok(error.message.includes(help), `${help} in ${error.message}`);
    }
  });

  test('shows no secret in a mistake about it', async () => {
    const error = await failure(createGate({ ...CONFIG, secretKey: 'a-very-secret-thing' }));
    assert.ok(error.message.includes('secretKey') && !error.message.includes('a-very'), error.message);
  });

  /** Configurations of which a part stands where JSON does not look. @returns {[any, string][]} */
  function lost() {
    const admin = { admin: ['/admin(.*)'], adminRequires: { claim: 'metadata.role', equals: 'admin' } };
    class Config {
      publishableKey = CONFIG.publishableKey;
      get admin() {
        return admin.admin;
      }
    }
    const hidden = Object.defineProperty({ ...CONFIG }, 'authorizedParties', { value: [site], enumerable: false });
    return [
      [Object.assign(Object.create(admin), CONFIG), 'the configuration is an object with inherited members'],
      [new Config(), 'the configuration is an object with inherited members'],
      [hidden, 'the configuration is an object with hidden members'],
      [{ ...CONFIG, toJSON: () => CONFIG }, 'the configuration is an object with `toJSON`'],
      [{ ...CONFIG, admin: { toJSON: () => undefined } }, '`admin` is an object with `toJSON`'],
      [{ ...CONFIG, adminRequires: Object.create(admin.adminRequires) }, '`adminRequires` is an object with inherited members'],
      [{ ...CONFIG, rules: [{ match: '/x', require: Object.assign(Object.create({ role: 'org:admin' }), { claim: 'sub', equals: 'a' }) }] }, '`require` is an object with inherited members'],
    ];
  }

  test('has each of its mistakes told, whatever else is wrong', async () => {
    const error = await failure(createGate(/** @type {any} */ ({ ...CONFIG, bogus: 1, rules: [{ match: '/x', require: {} }, { match: '/y', methods: [], access: 'protected' }] })));
    const told = error.errors.map((/** @type {any} */ { setting }) => setting);
    assert.deepEqual(told.sort(), ['bogus', 'rules[0].require', 'rules[1].methods'], error.message);
  });

  test('of another realm, or without a prototype, is a configuration', async () => {
    for (const config of [Object.assign(Object.create(null), CONFIG), runInNewContext('({ ...config })', { config: CONFIG })]) await createGate(config);
  });

  test('that JSON would change silently is refused', async () => {
    const cycle = { ...CONFIG, rules: /** @type {any[]} */ ([]) };
    cycle.rules.push(cycle);
    for (const [config, named] of /** @type {[any, string][]} */ ([
      [{ ...CONFIG, admin: [/^\/admin/] }, 'RegExp'], [{ ...CONFIG, admin: () => ['/admin'] }, 'function'], [{ ...CONFIG, tokenCache: NaN }, 'NaN'],
      [cycle, 'JSON'], [{ ...CONFIG, admin: 5n }, 'bigint'], ...lost(), [undefined, '`config` is undefined'], [null, 'null'], ['x', 'a string'], [[], 'an array'],
    ])) {
      const error = await failure(createGate(config));
      assert.equal(error.name, 'PortcullisError', named);
      assert.ok(error.message.includes(named), `${named} in ${error.message}`);
    }
  });

  test('with a null where it would ask for less is refused', async () => {
    for (const [more, setting] of /** @type {[any, string][]} */ ([
      [{ admin: null }, 'admin'], [{ rules: [{ match: '/x', require: null }] }, 'rules[0].require'], [{ rules: [{ match: '/x', where: null }] }, 'rules[0].where'],
      [{ rules: [{ match: '/x', require: { claim: 'a', equals: 1, role: null } }] }, 'rules[0].require.role'], [{ rules: null }, 'rules'],
    ])) {
      const error = await failure(createGate({ ...CONFIG, ...more }));
      assert.deepEqual(error.errors.map((/** @type {any} */ { setting }) => setting), [setting], error.message);
    }
    await createGate(/** @type {any} */ ({ ...CONFIG, secretKey: null, signInUrl: null, api: null }));
  });

  test('with an undefined value is one without it', async () => {
    await createGate({ ...CONFIG, secretKey: undefined, signInUrl: undefined });
  });

  test('costs no call over the network', async () => {
    globalThis.fetch = () => assert.fail('fetched');
    await createGate({ ...CONFIG, jwtKey: undefined, secretKey: `sk_test_${'0'.repeat(20)}` });
  });
});

describe('a decision', () => {
  test('to forward says where to, with what, and for whom', async () => {
    const gate = await createGate(CONFIG);
    // Made once: a second one, a second later, is another.
    const theToken = token();
    const decision = await gate.decide(request('/%61pi/x?y=1', { headers: { authorization: `Bearer ${theToken}` } }));
    assert.deepEqual(
      [decision.action, decision.status, decision.reason, decision.access, decision.rule, decision.target, decision.url, decision.isPrivate],
      ['forward', 200, 'allowed', 'protected', 'default', '/api/x?y=1', `${site}/api/x?y=1`, true],
    );
    assert.equal(decision.auth.userId, 'user_1');
    assert.equal(decision.auth.has({ role: 'org:admin' }), false);
    assert.equal(await decision.auth.getToken(), theToken);
    assert.equal(decision.headers['x-portcullis-user-id'], 'user_1');
    assert.ok(decision.strips('X_Portcullis_Anything') && decision.strips('te') && !decision.strips('accept'));
    const headers = decision.requestHeaders({ 'x-portcullis-role': 'admin', accept: 'a', connection: 'x' });
    assert.deepEqual([headers.get('x-portcullis-role'), headers.get('accept'), headers.get('connection')], [null, 'a', null]);
    assert.equal(decision.toResponse(), null);
  });

  test('is not rewritten by line ends in a token, whatever object the headers come from', async () => {
    const gate = await createGate({ ...CONFIG, secretKey: `sk_test_${'0'.repeat(20)}`, rules: [{ match: '/machines', require: { token: 'api_key' } }] });
    globalThis.fetch = async () => Response.json({ object: 'api_key', id: 'ak_1', subject: 'user_1', scopes: [], claims: null, name: 'a', revoked: false, expired: false });
    const value = 'Bearer ak_secret\n/machines\nhttps://evil.example\nx-portcullis-role:admin';
    const headers = { get: (/** @type {string} */ name) => (name === 'authorization' ? value : null), *[Symbol.iterator]() { yield ['authorization', value]; } };
    const decision = await gate.decide(/** @type {any} */ ({ method: 'GET', url: `${site}/machines`, headers }));
    assert.equal(decision.action, 'forward', decision.message);
    assert.deepEqual([decision.target, decision.url, decision.headers['x-portcullis-role']], ['/machines', `${site}/machines`, undefined]);
  });

  test('has every text as it is, however long and of whatever characters', async () => {
    const rule = '/caf\u00e9/(.*)';
    const gate = await createGate({ ...CONFIG, public: [...CONFIG.public, rule, '/rules(.*)'] });
    for (const length of [1, 126, 127, 128, 129, 255, 256, 4000, 6000, 16_000]) {
      const target = `/rules/?${'y'.repeat(length)}`;
      const decision = await gate.decide(request(target, { headers: signedIn() }));
      assert.equal(decision.action, 'forward', `${length}: ${decision.message}`);
      assert.ok(decision.target === target && decision.url === site + target, `${length}: the target is another`);
      assert.deepEqual(
        [decision.reason, decision.access, decision.rule, decision.auth.userId, decision.isPrivate],
        ['public', 'public', 'public[3] /rules(.*)', 'user_1', true],
      );
      const { 'x-portcullis-request-id': id, ...headers } = decision.headers;
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.deepEqual(headers, {
        'x-portcullis-auth-status': 'signed-in', 'x-forwarded-host': new URL(site).host, 'x-forwarded-proto': new URL(site).protocol.slice(0, -1), 'x-portcullis-user-id': 'user_1',
        'x-portcullis-session-id': 'sess_1',
      });
    }
    const odd = await gate.decide(request('/caf%C3%A9/x'));
    assert.deepEqual([odd.action, odd.rule, odd.auth.isAuthenticated], ['forward', `public[2] ${rule}`, false]);
  });

  test('about nobody says so, on a fresh instance too', async () => {
    const gate = await createGate(CONFIG);
    const before = await gate.decide(request('/'));
    const { getToken, has, debug, ...auth } = before.auth;
    assert.deepEqual(auth, {
      tokenType: 'session_token', sessionStatus: null, sessionClaims: null, sessionId: null, userId: null, actor: null, orgId: null, orgRole: null, orgSlug: null,
      orgPermissions: null, factorVerificationAge: null, isAuthenticated: false,
    });
    assert.deepEqual([await getToken(), has({ role: 'org:admin' }), debug().reason, before.token], [null, false, before.reason, undefined]);
    assert.deepEqual(Object.keys(before.headers).sort(), ['x-forwarded-host', 'x-forwarded-proto', 'x-portcullis-auth-status', 'x-portcullis-request-id']);
    const kept = await gate.decide(request('/'));
    assert.throws(() => core.instance().core.give_up(1), WebAssembly.RuntimeError);
    mock.method(console, 'error', () => {});
    const unseen = { authorization: `Bearer ${token({ sid: 'sess_unseen' })}` };
    assert.equal((await gate.decide(request('/x', { headers: unseen }))).reason, 'internal-error');
    const { getToken: _, has: __, debug: ___, ...later } = kept.auth;
    assert.deepEqual(later, auth);
  });

  test('reads claims that a signer wrote in several lines', async () => {
    const gate = await createGate(CONFIG);
    const claims = { iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', metadata: { role: 'admin' }, ...times(Date.now()).fresh };
    const decision = await gate.decide(request('/admin', { headers: { authorization: `Bearer ${jws(JSON.stringify(claims, null, 2))}` } }));
    assert.deepEqual([decision.action, decision.auth.userId, decision.auth.sessionClaims], ['forward', 'user_1', claims]);
  });

  test('to redirect and to deny has a response ready, as often as it is asked for', async () => {
    const gate = await createGate({ ...CONFIG, signInUrl: 'https://accounts.example.com/in' });
    const redirect = await gate.decide(request('/x', { headers: { cookie: '__clerk_db_jwt=a; __client_uat=0', accept: 'text/html' } }));
    assert.equal(redirect.action, 'redirect');
    assert.match(redirect.location, /^https:\/\/accounts\.example\.com\/in\?redirect_url=/);
    const deny = await gate.decide(request('/api/x'));
    assert.deepEqual([deny.action, deny.status], ['deny', 401]);
    for (let time = 0; time < 2; time += 1) {
      const response = deny.toResponse();
      assert.deepEqual([response.status, response.headers.get('www-authenticate'), (await response.json()).reason], [401, 'Bearer', deny.reason]);
    }
    assert.equal(deny.auth.isAuthenticated, false);
  });

  test('about a handshake knows nobody yet', async () => {
    const gate = await createGate(CONFIG);
    const decision = await gate.decide(request('/x', { headers: { accept: 'text/html' } }));
    assert.deepEqual([decision.action, decision.auth], ['redirect', null]);
  });

  test('is no secret teller when written as JSON', async () => {
    const gate = await createGate(CONFIG);
    const { auth: _, ...rest } = await gate.decide(request('/x', { headers: signedIn() }));
    assert.ok(!JSON.stringify(rest).includes(token().split('.')[2]));
  });
});

test('headers that cannot be read deny their own request, and nobody else\'s', async () => {
  mock.method(console, 'error', () => {});
  const gate = await createGate({ ...CONFIG, jwtKey: undefined, secretKey: `sk_test_${'2'.repeat(20)}` });
  globalThis.fetch = /** @type {any} */ (async () => Response.json({ keys: [JWK] }));
  const { instance } = core;
  const mine = instance();
  const others = Array.from({ length: 3 }, () => gate.decide(request('/x', { headers: signedIn() })));
  const odd = [() => 5, () => ['a'], () => ({}), () => { throw new Error('the caller\'s own'); }, () => 7n];
  for (const get of odd) {
    for (const name of ['authorization', 'cookie', 'accept']) {
      const headers = { get: (/** @type {string} */ asked) => (asked === name ? get() : null), [Symbol.iterator]: get };
      const decision = await gate.decide(/** @type {any} */ ({ method: 'GET', url: `${site}/x`, headers }));
      assert.deepEqual([decision.action, decision.status, decision.reason], ['deny', 500, 'internal-error'], String(get));
    }
  }
  for (const { action } of await Promise.all(others)) assert.equal(action, 'forward');
  assert.equal(instance(), mine, 'the instance was given up');
});

test('many gates at a time keep what they know', async () => {
  let fetched = 0;
  globalThis.fetch = /** @type {any} */ (async () => ((fetched += 1), Response.json({ keys: [JWK] })));
  const gates = await Promise.all(Array.from({ length: 100 }, (_, n) => createGate({ ...CONFIG, jwtKey: undefined, secretKey: `sk_test_${'3'.repeat(20)}`, signInUrl: `/open/${n}` })));
  for (let round = 0; round < 3; round += 1) {
    for (const gate of gates) assert.equal((await gate.decide(request('/x', { headers: signedIn() }))).action, 'forward');
  }
  assert.equal(fetched, gates.length);
});

describe('handle', () => {
  test('has `fetch` itself forward what the client sent', async () => {
    const server = createServer((incoming, response) => response.end(JSON.stringify(incoming.headers)));
    const port = await listen(server);
    try {
      const gate = await createGate({ ...CONFIG, origin: `http://127.0.0.1:${port}` });
      const init = { method: 'POST', body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-own': '1', 'x-portcullis-role': 'admin', ...signedIn() } };
      const got = await (await gate.handle(request('/open/x', init), fetch)).json();
      assert.deepEqual([got['content-type'], got['x-own'], got['x-portcullis-user-id'], got['x-portcullis-role']], [init.headers['content-type'], '1', 'user_1', undefined]);
      assert.equal(got.authorization, init.headers.authorization);
    } finally {
      server.close();
    }
  });

  test('has `fetch` forward what says how its own connection is used', async () => {
    const server = createServer(async (incoming, response) => {
      let body = '';
      for await (const chunk of incoming) body += chunk;
      response.end(JSON.stringify([incoming.method, incoming.headers.upgrade ?? null, body]));
    });
    const port = await listen(server);
    try {
      const gate = await createGate({ ...CONFIG, origin: `http://127.0.0.1:${port}` });
      const ask = async (/** @type {any} */ init) => {
        const response = await gate.handle(request('/open/x', init), fetch);
        assert.equal(response.status, 200, JSON.stringify(init.headers));
        return response.json();
      };
      // As `curl --http2` and Java's own client ask for it, and as a body of unknown length comes.
      const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };
      assert.deepEqual(await ask({ headers: h2c }), ['GET', null, '']);
      const body = new Blob(['a body']).stream();
      assert.deepEqual(await ask({ method: 'POST', body, duplex: 'half', headers: { 'transfer-encoding': 'chunked' } }), ['POST', null, 'a body']);
    } finally {
      server.close();
    }
  });

  test('has `fetch` forward answers that are encoded: it decodes them, and so must say what is sent on', async () => {
    const text = 'the app says '.repeat(20);
    const encoders = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
    /** @type {(string | undefined)[]} */
    const accepted = [];
    const server = createServer((incoming, response) => {
      accepted.push(incoming.headers['accept-encoding']);
      const coding = /** @type {keyof typeof encoders | 'odd'} */ (incoming.url?.slice('/open/'.length));
      const body = coding === 'odd' ? text : encoders[coding](text);
      response.writeHead(200, { 'content-encoding': coding, 'content-length': body.length, 'content-type': 'text/plain' });
      response.end(body);
    });
    const port = await listen(server);
    try {
      const gate = await createGate({ ...CONFIG, origin: `http://127.0.0.1:${port}` });
      const fields = (/** @type {Response} */ { headers }) => ['content-encoding', 'content-length', 'content-type'].map((name) => headers.get(name));
      for (const headers of [{}, signedIn()]) {
        for (const coding of Object.keys(encoders)) {
          const response = await gate.handle(request(`/open/${coding}`, { headers: { ...headers, 'accept-encoding': 'gzip, zstd;q=0.9, br' } }), fetch);
          assert.deepEqual([fields(response), await response.text()], [[null, null, 'text/plain'], text], coding);
        }
      }
      assert.deepEqual([...new Set(accepted)], ['gzip, br']);
      // What it does not decode stays as it is said to be; so do the fields where no body comes, and what the app has encoded itself.
      assert.deepEqual(fields(await gate.handle(request('/open/odd'), fetch)), ['odd', String(text.length), 'text/plain']);
      assert.equal((await gate.handle(request('/open/gzip', { method: 'HEAD' }), fetch)).headers.get('content-encoding'), 'gzip');
      const own = await gate.handle(request('/open/x'), () => new Response(gzipSync(text), { headers: { 'content-encoding': 'gzip' } }));
      assert.equal(own.headers.get('content-encoding'), 'gzip');
    } finally {
      server.close();
    }
  });

  test('gives 502 for what is no response', async () => {
    mock.method(console, 'error', () => {});
    const gate = await createGate(CONFIG);
    for (const answer of [undefined, null, 'text', {}, 5, [], true, { status: 200 }]) {
      assert.equal((await gate.handle(request('/open/x'), () => answer)).status, 502, String(answer));
    }
  });

  /** @param {string} path @param {any} [init] @param {any} [forward] @param {any} [config] */
  const handled = async (path, init, forward, config) => (await createGate({ ...CONFIG, ...config })).handle(request(path, init), forward);

  test('gives the app the judged URL and the identity, and nothing that a client may not say', async () => {
    /** @type {any} */
    let got;
    await handled('/x/./y//z?q=1', { headers: { ...signedIn(), 'x-portcullis-role': 'admin', 'x-middleware-subrequest': 'a', te: 'b', accept: 'c' } }, (/** @type {Request} */ forwarded) => {
      got = forwarded;
      return new Response('ok');
    });
    assert.equal(got.url, `${site}/x/y//z?q=1`);
    assert.equal(got.redirect, 'manual');
    const headers = Object.fromEntries(got.headers);
    assert.equal(headers['x-portcullis-user-id'], 'user_1');
    assert.equal(headers.accept, 'c');
    for (const name of ['x-portcullis-role', 'x-middleware-subrequest', 'te']) assert.equal(headers[name], undefined, name);
  });

  test('sends to the configured origin', async () => {
    let url = '';
    await handled('/open/x?y', {}, (/** @type {Request} */ forwarded) => ((url = forwarded.url), new Response()), { origin: 'http://10.0.0.1:3000' });
    assert.equal(url, 'http://10.0.0.1:3000/open/x?y');
  });

  test('sends no request to open a WebSocket by another method than GET: Workers would send it by GET', async () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    for (const [method, upgrade] of [['GET', 'websocket'], ['POST', null], ['HEAD', null]]) {
      /** @type {any} */
      let got;
      await handled('/open/x', { method, headers }, (/** @type {Request} */ forwarded) => ((got = forwarded), new Response()));
      assert.deepEqual([got.method, got.headers.get('upgrade'), got.headers.get('connection')], [method, upgrade, upgrade && 'upgrade']);
    }
  });

  test('tells the log where it is the request that cannot be sent on', async () => {
    const log = mock.method(console, 'error', () => {});
    const gate = await createGate(CONFIG);
    const used = request('/open/x', { method: 'POST', body: 'x' });
    await used.text();
    assert.equal((await gate.handle(used, () => assert.fail('the app was called'))).status, 502);
    assert.match(String(log.mock.calls[0].arguments), /argument `request` is an object, expected a `Request` whose body nobody has read/);
  });

  test('streams both ways, the answer before the request has ended', async () => {
    /** @type {any} */
    let source;
    const body = new ReadableStream({ start: (controller) => (source = controller) });
    const response = await handled('/open/echo', { method: 'POST', body, duplex: 'half' }, (/** @type {Request} */ forwarded) => new Response(forwarded.body));
    const reader = response.body.getReader();
    for (const word of ['one', 'two']) {
      source.enqueue(new TextEncoder().encode(word));
      assert.equal(new TextDecoder().decode((await reader.read()).value), word);
    }
    source.close();
    assert.equal((await reader.read()).done, true);
  });

  test('keeps answers to one user from shared caches, and every cookie', async () => {
    const app = () => new Response('x', { headers: [['cache-control', 'public, max-age=60, s-maxage=9'], ['cdn-cache-control', 'max-age=9'], ['set-cookie', 'a=1'], ['set-cookie', 'b=2']] });
    const mine = await handled('/x', { headers: signedIn() }, app);
    assert.deepEqual(['cache-control', 'vary', 'cdn-cache-control'].map((name) => mine.headers.get(name)), ['private, max-age=60', 'Cookie, Authorization', null]);
    assert.deepEqual(mine.headers.getSetCookie(), ['a=1', 'b=2']);
    const original = app();
    assert.equal(await handled('/', {}, () => original), original);
  });

  test('answers 502 where the app throws, rejects or answers nonsense', async () => {
    const { mock: log } = mock.method(console, 'error', () => {});
    for (const app of [() => { throw new Error('down'); }, () => Promise.reject(new Error('down')), () => undefined, () => Response.error()]) {
      const response = await handled('/x', { headers: signedIn() }, app);
      assert.equal(response.status, 502);
      assert.equal((await response.json()).reason, 'origin-unreachable');
      assert.deepEqual(['cache-control', 'retry-after'].map((name) => response.headers.get(name)), ['no-store', '5']);
    }
    assert.equal(log.callCount(), 4);
  });

  test('leaves out a reason phrase that no answer can have, and hands on any other', async () => {
    let [phrase, coding] = ['', ''];
    const origin = createTcpServer((socket) => socket.on('error', () => {}).once('data', () => {
      const body = coding === 'gzip' ? gzipSync('hi') : Buffer.from('hi');
      socket.write(`HTTP/1.1 200 ${phrase}\r\nContent-Length: ${body.length}\r\n${coding && `Content-Encoding: ${coding}\r\n`}\r\n`, 'latin1');
      socket.end(body);
    }));
    await new Promise((resolve) => origin.listen(0, '127.0.0.1', () => resolve(undefined)));
    const url = `http://127.0.0.1:${/** @type {any} */ (origin.address()).port}/`;
    try {
      // The last as Latin-1, of which Node makes a character that no phrase may have.
      for (const [said, expected] of [['All\tright', 'All\tright'], ['', ''], ['O\x01K', ''], ['O\x7fK', ''], ['Gr\xfcezi', '']]) {
        phrase = said;
        for (coding of ['', 'gzip']) {
          const response = await handled('/x', { headers: signedIn() }, () => realFetch(url, { headers: { connection: 'close' } }));
          assert.deepEqual([response.status, response.statusText, await response.text()], [200, expected, 'hi'], JSON.stringify([said, coding]));
        }
      }
    } finally {
      origin.close();
    }
  });

  test('never calls the app where the decision is not to forward', async () => {
    const response = await handled('/api/x', {}, () => assert.fail('the app was called'));
    assert.equal(response.status, 401);
  });

  test('wants a function', async () => {
    const error = await failure(handled('/', {}, undefined));
    assert.deepEqual([error.code, error.message.slice(0, 29)], ['invalid-argument', 'argument `forward` is undefin']);
  });
});

describe('bad input', () => {
  test('of other kinds than a request is an error that names the argument', async () => {
    const gate = await createGate(CONFIG);
    for (const bad of [undefined, null, 'https://x', 5, {}, new URL(site), { method: 'GET', url: '/', headers: { host: 'x' } }, { method: 'GET', url: 5, headers: new Headers() }]) {
      const error = await failure(gate.decide(/** @type {any} */ (bad)));
      assert.deepEqual([error.name, error.code], ['PortcullisError', 'invalid-argument']);
      assert.match(error.message, /^argument `request` is /);
    }
  });

  test('nested as deep as can be leaves the instance whole', async () => {
    const gate = await createGate(CONFIG);
    const nested = (/** @type {number} */ depth) => Array.from({ length: depth }).reduce((inner) => [inner], /** @type {unknown} */ (5));
    const decide = (/** @type {object} */ claims, signature = '') => {
      const cookie = `__session=${token(claims)}${signature}; __client_uat=9; __clerk_db_jwt=dvb`;
      return gate.decide(request('/x', { headers: { cookie, 'sec-fetch-dest': 'document' } }));
    };
    for (const depth of [1, 400, 510]) {
      const { action, auth } = await decide({ metadata: nested(depth) });
      assert.deepEqual([action, auth.sessionClaims.metadata], ['forward', nested(depth)]);
      // What compares it as JavaScript does looks at all of it, before anybody has looked at the signature.
      assert.equal((await decide({ iat: nested(depth) }, 'AAAA')).reason, 'session-token-iat-before-client-uat');
    }
    assert.equal((await decide({ metadata: nested(600) })).reason, 'token-invalid');
    for (const open of ['(?:', '{', '(']) {
      const error = await failure(createGate({ ...CONFIG, protected: [`/:a(${open.repeat(50_000)}`] }));
      assert.deepEqual([error.code, error.reason], ['invalid-options', 'invalid-options']);
    }
  });

  test('that looks like a request is judged, whatever realm it is from', async () => {
    class Subclass extends Request {}
    const gate = await createGate(CONFIG);
    const init = { headers: signedIn() };
    const foreign = { method: 'GET', url: `${site}/x`, headers: new Map(Object.entries(signedIn())) };
    foreign.headers.get = ((get) => function (/** @type {string} */ name) { return get.call(this, name) ?? null; })(foreign.headers.get);
    for (const one of [new Subclass(`${site}/x`, init), foreign]) {
      const decision = await gate.decide(/** @type {any} */ (one));
      assert.deepEqual([decision.action, decision.auth.userId], ['forward', 'user_1']);
    }
  });

  test('in the URL is a denial', async () => {
    const gate = await createGate(CONFIG);
    for (const url of ['/relative', '', 'x', 'ftp://a/b', 'https://', `${site}/a\nb`, `${site}/a\0b`, `${site}/${'a'.repeat(1e6)}`, `${site}/%00`]) {
      const decision = await gate.decide(/** @type {any} */ ({ method: 'GET', url, headers: new Headers() }));
      assert.deepEqual([decision.action, decision.status], ['deny', 400], JSON.stringify(url.slice(0, 40)));
    }
  });

  test('in headers signs nobody in, and huge values leave the memory small', async () => {
    const gate = await createGate(CONFIG);
    const before = core.instance().core.memory.buffer.byteLength;
    const values = ['', 'Bearer', 'Bearer ', 'Bearer \0\x01\xff', `Bearer ${'a'.repeat(3e7)}`, `Bearer ${token()}x`, `Bearer ${token()}\nBearer ${token()}`];
    for (const value of values) {
      const headers = { get: (/** @type {string} */ name) => (name === 'authorization' ? value : null), *[Symbol.iterator]() {} };
      const decision = await gate.decide(/** @type {any} */ ({ method: 'GET', url: `${site}/api/x`, headers }));
      assert.deepEqual([decision.action, decision.status], ['deny', 401], value.slice(0, 20));
    }
    assert.ok(core.instance().core.memory.buffer.byteLength - before < 4e6);
  });
});

describe('when the Wasm instance fails', () => {
  test('what is in flight is denied, and the next call works', async () => {
    mock.method(console, 'error', () => {});
    const config = { ...CONFIG, jwtKey: undefined, secretKey: `sk_test_${'1'.repeat(20)}` };
    const gate = await createGate(config);
    /** @type {() => void} */
    let go = () => {};
    globalThis.fetch = /** @type {any} */ (() => new Promise((resolve) => (go = () => resolve(Response.json({ keys: [JWK] })))));
    const inFlight = gate.handle(request('/x', { headers: signedIn() }), () => assert.fail('the app was called'));
    await new Promise(setImmediate);
    // Taking the run away makes the loop resume what there is not: a panic, and so a trap.
    try {
      core.instance().core.give_up(1);
    } catch (error) {
      // Where that number is not the run's, the instance is as broken, and the loop's next call finds out.
      assert.ok(error instanceof WebAssembly.RuntimeError);
    }
    go();
    const response = await inFlight;
    assert.deepEqual([response.status, (await response.json()).reason, response.headers.get('cache-control')], [500, 'internal-error', 'no-store']);
    globalThis.fetch = /** @type {any} */ (async () => Response.json({ keys: [JWK] }));
    const next = await gate.handle(request('/x', { headers: signedIn() }), () => new Response('ok'));
    assert.equal(await next.text(), 'ok');
  });

  test('and no instance can be had, every call is denied', async () => {
    mock.method(console, 'error', () => {});
    const gate = await createGate(CONFIG);
    await gate.decide(request('/'));
    const { Instance } = WebAssembly;
    WebAssembly.Instance = /** @type {any} */ (class { constructor() { throw new RangeError('no memory'); } });
    try {
      assert.throws(() => core.instance().core.free_gate(999), WebAssembly.RuntimeError);
      for (let time = 0; time < 3; time += 1) {
        const decision = await gate.decide(request('/'));
        assert.deepEqual([decision.action, decision.status, decision.reason, decision.auth], ['deny', 500, 'internal-error', null]);
        assert.equal((await gate.handle(request('/'), () => assert.fail('the app was called'))).status, 500);
      }
    } finally {
      WebAssembly.Instance = Instance;
    }
    assert.equal((await gate.decide(request('/'))).action, 'forward');
  });
});

test('settings that only the Worker acts on are refused, not ignored', async () => {
  const given = { securityHeaders: true, csp: {}, cors: { origins: ['https://a.example'] }, ownPages: true, logUser: 'none', logForwards: 1, proxy: true, fapiUrl: 'https://a.example' };
  const error = await failure(createGate(/** @type {any} */ ({ ...CONFIG, ...given })));
  assert.deepEqual(error.errors.map((/** @type {any} */ { setting }) => setting).sort(), Object.keys(given).sort());
});

test('every mistake in the configuration is told at once, each once', async () => {
  const given = { publishableKey: 5, cors: {}, webhookPath: '/hooks', webhookSigningSecret: 'x', admin: ['/a'], adminRequires: undefined, zzz: 1, authorizedParties: [] };
  const error = await failure(createGate(/** @type {any} */ ({ ...CONFIG, ...given })));
  const found = error.errors.map((/** @type {any} */ { setting }) => setting).sort();
  assert.deepEqual(found, ['adminRequires', 'authorizedParties', 'cors', 'publishableKey', 'webhookPath', 'webhookSigningSecret', 'zzz']);
});

test('parties that are named by a variable that is not set are an error, and never all parties', async () => {
  const parse = (/** @type {string | undefined} */ variable) => /** @type {any} */ (variable?.split(','));
  for (const authorizedParties of [parse(undefined), null, [], [parse(undefined)], parse('')]) {
    const error = await failure(createGate({ ...CONFIG, authorizedParties }));
    assert.deepEqual([error.code, error.errors.length], ['invalid-options', 1], JSON.stringify(authorizedParties));
    assert.match(error.message, /authorizedParties/);
  }
  const { authorizedParties: _, ...withoutParties } = CONFIG;
  assert.equal((await (await createGate(withoutParties)).decide(request('/'))).action, 'forward');
});

test('what would close something is refused where it is undefined, and not left out', async () => {
  const [role, methods] = [/** @type {any} */ (undefined), /** @type {any} */ (undefined)];
  const odd = {
    methods: { rules: [{ match: '/x', methods, access: 'public' }] },
    role: { rules: [{ match: '/x', require: { permission: 'org:invoices:read', role } }] },
    require: { rules: [{ match: '/x', require: role && { role } }] },
    where: { rules: [{ match: '/orgs/:slug', where: role }] },
    fresh: { rules: [{ match: '/x', fresh: role }] },
    'where.role': { rules: [{ match: '/orgs/:role', where: { role } }] },
    admin: { admin: role, adminRequires: { claim: 'metadata.role', equals: 'admin' } },
    protected: { default: 'public', protected: role },
    rules: { rules: role },
  };
  for (const [name, more] of Object.entries(odd)) {
    const error = await failure(createGate(/** @type {any} */ ({ ...CONFIG, ...more })));
    assert.equal(error.code, 'invalid-options', name);
    assert.match(error.message, new RegExp(`\\b${name}\` is null, expected`));
  }
  // What has no such meaning may be a variable that is not set: an issuer without roles gives nobody one.
  const issuer = { issuer: 'https://id.example', jwksUrl: 'https://id.example/keys', audience: 'app', role, permissions: role };
  assert.equal((await (await createGate(/** @type {any} */ ({ ...CONFIG, issuer }))).decide(request('/'))).action, 'forward');
  assert.equal((await (await createGate({ ...CONFIG, apiUrl: undefined, signInUrl: undefined, enforce: undefined })).decide(request('/'))).action, 'forward');
});

test('limits that nobody here can count are refused, not ignored', async () => {
  const error = await failure(createGate(/** @type {any} */ ({ ...CONFIG, rateLimits: [{ match: '/x', binding: 'A', per: 'client' }] })));
  assert.deepEqual(error.errors.map((/** @type {any} */ { setting }) => setting), ['rateLimits']);
  assert.match(error.message, /only the Worker has counters/);
});
