// Rate limits, by the platform's binding as miniflare has it. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { sessionCookies, startGate, withGate } from '../support/gate.mjs';
import { SIGNING_SECRET, WEBHOOK_PATH, delivery, userCreated } from '../support/receiver.mjs';

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */

const LIMIT = 3;
/** The counters begin anew with each minute. */
const MINUTE_MS = 60_000;
const ENOUGH_MS = 15_000;

/** Waits where a minute is about to end: a count that begins in it would end in the next. */
async function atLeisure() {
  const left = MINUTE_MS - (Date.now() % MINUTE_MS);
  if (left < ENOUGH_MS) await sleep(left + 100);
}

let clients = 0;
/** An address that nothing has been counted for. */
const newClient = () => `192.0.2.${(clients += 1)}`;

/** @param {Gate} gate @param {number} times @param {string} path @param {Record<string, any>} [init] */
async function statuses(gate, times, path, init) {
  const found = [];
  for (let n = 0; n < times; n += 1) {
    const response = await gate.request(path, init);
    await response.arrayBuffer();
    found.push(response.status);
  }
  return found;
}

describe('limits', () => {
  /** @type {Gate} */
  let gate;
  before(async () => {
    await atLeisure();
    gate = await startGate({
      policy: {
        rate_limits: [
          { match: '/api/public/login', methods: ['POST'], binding: 'LOGIN_LIMIT', per: 'client' },
          { match: ['/api/protected(.*)', '/api/public/report'], binding: 'USER_LIMIT', per: 'user', period: 10 },
          { match: '/dashboard(.*)', binding: 'LOGIN_LIMIT', per: 'client' },
        ],
      },
      rateLimits: { LOGIN_LIMIT: { limit: LIMIT }, USER_LIMIT: { limit: LIMIT } },
    });
  });
  after(() => gate.stop());
  beforeEach(async () => {
    await atLeisure();
    gate.origin.clear();
  });

  test('hold for a client whatever way it spells path and method', async () => {
    const headers = { 'cf-connecting-ip': newClient() };
    const spellings = [
      ['/api/public/login', 'POST'], ['/API//public/Login/', 'POST'], ['/api/public/x/..%2flogin', 'POST'], ['/api/public/%6Cogin?_method=post', 'GET'], ['/api/public/login;a=b', 'POST'],
    ];
    const found = [];
    for (const [path, method] of spellings) found.push((await gate.request(path, { method, headers })).status);
    assert.deepEqual(found.slice(LIMIT), [429, 429]);
    assert.ok(found.slice(0, LIMIT).every((status) => status !== 429), String(found));
  });

  test('do not hang on a header that the client writes, nor on an address of its own network', async () => {
    const network = (/** @type {number} */ host) => ({ 'cf-connecting-ip': `2001:db8:0:${(clients += 1, 7)}::${host.toString(16)}`, 'x-forwarded-for': `198.51.100.${host}`, 'x-real-ip': `198.51.100.${host}` });
    const found = [];
    for (let host = 1; host <= LIMIT + 2; host += 1) found.push((await gate.request('/api/public/login', { method: 'POST', headers: network(host) })).status);
    assert.deepEqual(found, [200, 200, 200, 429, 429]);
  });

  test('count other clients, methods, paths and limits apart', async () => {
    const [one, other] = [{ 'cf-connecting-ip': newClient() }, { 'cf-connecting-ip': newClient() }];
    assert.deepEqual(await statuses(gate, LIMIT + 1, '/api/public/login', { method: 'POST', headers: one }), [200, 200, 200, 429]);
    assert.deepEqual(await statuses(gate, 1, '/api/public/login', { method: 'POST', headers: other }), [200]);
    assert.deepEqual(await statuses(gate, 1, '/api/public/login', { headers: one }), [200]);
    assert.deepEqual(await statuses(gate, 1, '/api/public/logins', { method: 'POST', headers: one }), [200]);
    // The same binding behind another limit.
    assert.deepEqual(await statuses(gate, 1, '/dashboard', { headers: one }), [401]);
  });

  test('of clients count what is refused, too', async () => {
    assert.deepEqual(await statuses(gate, LIMIT + 1, '/dashboard', { headers: { 'cf-connecting-ip': newClient() } }), [401, 401, 401, 429]);
  });

  test('of users follow the user over addresses and paths, and count nobody else', async () => {
    const [one, other] = await Promise.all(['user_a', 'user_b'].map((sub) => gate.clerk.token({ sub })));
    const found = [];
    for (const path of ['/api/protected/a', '/api/protected/b', '/api/public/report', '/api/protected/c']) {
      found.push((await gate.request(path, { token: one, headers: { 'cf-connecting-ip': newClient() } })).status);
    }
    assert.deepEqual(found, [200, 200, 200, 429]);
    assert.deepEqual(await statuses(gate, 1, '/api/protected/a', { token: other }), [200]);
  });

  test('of users count an address where nobody is signed in, and nothing that is refused', async () => {
    const headers = { 'cf-connecting-ip': newClient() };
    assert.deepEqual(await statuses(gate, LIMIT + 1, '/api/protected/a', { headers }), [401, 401, 401, 401]);
    assert.deepEqual(await statuses(gate, LIMIT + 1, '/api/public/report', { headers }), [200, 200, 200, 429]);
    // A bad token is no user of its own.
    assert.deepEqual(await statuses(gate, 1, '/api/public/report', { headers, token: 'made.up.token' }), [429]);
  });

  test('answer programs and people, and say when to come again', async () => {
    const headers = { 'cf-connecting-ip': newClient() };
    await statuses(gate, LIMIT, '/dashboard', { headers });
    const page = await gate.request('/dashboard', { headers, document: true });
    assert.equal(page.status, 429);
    assert.equal(page.headers.get('retry-after'), '60');
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.match(await page.text(), /<h1>Too many requests<\/h1>/);
    const token = await gate.clerk.token({ sub: 'user_c' });
    await statuses(gate, LIMIT, '/api/protected', { token });
    const problem = await gate.request('/api/protected', { cookies: sessionCookies(token), document: true });
    assert.equal(problem.status, 429);
    assert.equal(problem.headers.get('retry-after'), '10');
    assert.deepEqual(await problem.json(), { type: 'about:blank', title: 'Too many requests', status: 429, reason: 'rate-limited' });
    assert.match(gate.worker.log(), /"event":"denied","decision":"deny","reason":"rate-limited","rule":"rate_limits\[1\] \/api\/protected\(\.\*\)"/);
  });
});

describe('a counter', () => {
  beforeEach(atLeisure);
  const rate_limits = [{ match: '/(.*)', binding: 'ALL', per: 'client' }];

  test('that is not bound is a wrong setting: nothing is forwarded, and the log names it', async () => {
    for (const env of [{}, { ALL: 'a variable' }]) {
      await withGate({ policy: { rate_limits }, env }, async (gate) => {
        assert.equal((await gate.request('/')).status, 500);
        assert.match(gate.worker.log(), /setting `rate_limits\[0\]\.binding` is `ALL`, expected the name of a rate limit binding/);
        assert.equal((await gate.request('/.well-known/portcullis/ready')).status, 503);
        assert.deepEqual(gate.origin.seen, []);
      });
    }
  });

  /** @type {[import('../support/workerd.mjs').RateLimiter, string, RegExp][]} */
  const disorders = [
    ['throws', 'fails', /ALL: no counters today/],
    ['silent', 'never answers', /ALL: the binding took too long/],
    ['vague', 'says neither yes nor no', /ALL: the binding gave no answer/],
  ];
  for (const [limiter, name, why] of disorders) {
    test(`that ${name} lets requests pass, opens no path, and is in the log`, async () => {
      await withGate({ policy: { rate_limits }, rateLimits: { ALL: limiter } }, async (gate) => {
        const token = await gate.clerk.token();
        const [open, closed, user] = await Promise.all([gate.request('/'), gate.request('/dashboard'), gate.request('/dashboard', { token })]);
        assert.deepEqual([open.status, closed.status, user.status], [200, 401, 200]);
        assert.equal(gate.origin.seen.length, 2);
        const failures = () => gate.worker.log().split('\n').filter((line) => line.includes('"event":"rate-limit-failed"'));
        for (let wait = 0; wait < 50 && failures().length < 3; wait += 1) await sleep(20);
        const lines = failures();
        assert.equal(lines.length, 3);
        for (const line of lines) assert.match(line, why);
      });
    });
  }

  test('that never answers holds a request up no longer where it is one of many', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `SILENT_${index}`);
    const policy = { rate_limits: names.map((binding, index) => ({ match: '/', binding, per: index < 8 ? 'client' : 'user' })) };
    await withGate({ policy, rateLimits: Object.fromEntries(names.map((name) => [name, 'silent'])) }, async (gate) => {
      const slow = gate.request('/api/public/slow').then(() => 'slow', () => 'given up');
      assert.equal(await Promise.race([gate.request('/').then(({ status }) => status), slow]), 200);
    });
  });

  test('that never answers leaves the others in force, of clients and of users', async () => {
    const policy = {
      rate_limits: [
        { match: '/(.*)', binding: 'SILENT', per: 'client' },
        { match: '/api/public/client', binding: 'COUNTING', per: 'client' },
        { match: '/api/public/user', binding: 'SILENT', per: 'user' },
        { match: '/api/public/user', binding: 'COUNTING', per: 'user' },
      ],
    };
    await withGate({ policy, rateLimits: { SILENT: 'silent', COUNTING: 'counting' } }, async (gate) => {
      for (const path of ['/api/public/client', '/api/public/user']) {
        const headers = { 'cf-connecting-ip': newClient() };
        const found = await Promise.all(Array.from({ length: LIMIT + 2 }, () => statuses(gate, 1, path, { headers })));
        assert.deepEqual(found.flat().sort(), [200, 200, 200, 429, 429], path);
      }
    });
  });

  test('counts a request that another one refuses', async () => {
    const policy = { rate_limits: [{ match: '/', binding: 'FIRST', per: 'client' }, { match: '/(.*)', binding: 'SECOND', per: 'client' }] };
    await withGate({ policy, rateLimits: { FIRST: { limit: 1 }, SECOND: { limit: LIMIT } } }, async (gate) => {
      assert.deepEqual(await statuses(gate, LIMIT, '/'), [200, 429, 429]);
      assert.deepEqual(await statuses(gate, 1, '/api/public/x'), [429]);
    });
  });

  test('that another Worker has, bound as a service, counts as the platform\'s do', async () => {
    await withGate({ policy: { rate_limits }, rateLimits: { ALL: 'counting' } }, async (gate) => {
      const headers = { 'cf-connecting-ip': newClient() };
      assert.deepEqual(await statuses(gate, LIMIT + 1, '/', { headers }), [200, 200, 200, 429]);
      assert.deepEqual(await statuses(gate, 1, '/', { headers: { 'cf-connecting-ip': newClient() } }), [200]);
      assert.doesNotMatch(gate.worker.log(), /rate-limit-failed/);
    });
  });

  test('in shadow counts, and refuses nobody', async () => {
    await withGate({ policy: { rate_limits, enforce: false }, rateLimits: { ALL: { limit: 1 } } }, async (gate) => {
      const token = await gate.clerk.token();
      assert.deepEqual(await statuses(gate, 2, '/dashboard', { token }), [200, 200]);
      // Whoever is signed in stays so for the origin.
      assert.equal(gate.origin.seen.at(-1).headers['x-portcullis-user-id'], 'user_1');
      assert.match(gate.worker.log(), /"event":"would-deny","decision":"deny","reason":"rate-limited"/);
    });
  });

  test('spares the gate\'s own endpoints', async () => {
    await withGate({ policy: { rate_limits }, rateLimits: { ALL: { limit: 1 } } }, async (gate) => {
      assert.deepEqual(await statuses(gate, 3, '/.well-known/portcullis/ready'), [200, 200, 200]);
      assert.deepEqual(await statuses(gate, 2, '/'), [200, 429]);
    });
  });

  test('spares the preflights that the gate answers, and no other OPTIONS request', async () => {
    const cors = { origins: ['https://app.example.com'] };
    const preflight = { method: 'OPTIONS', headers: { origin: cors.origins[0], 'access-control-request-method': 'POST' } };
    await withGate({ policy: { rate_limits, cors }, rateLimits: { ALL: { limit: 2 } } }, async (gate) => {
      assert.deepEqual(await statuses(gate, 4, '/api/public/x', preflight), [204, 204, 204, 204]);
      assert.deepEqual(gate.origin.seen, []);
      assert.deepEqual(await statuses(gate, 2, '/api/public/x', { method: 'OPTIONS' }), [200, 200]);
      assert.deepEqual(await statuses(gate, 1, '/api/public/x'), [429]);
    });
    // Without `cors` a preflight is the origin's to answer, and counts.
    await withGate({ policy: { rate_limits }, rateLimits: { ALL: { limit: 2 } } }, async (gate) => {
      assert.deepEqual(await statuses(gate, 3, '/api/public/x', preflight), [200, 200, 429]);
    });
  });

  test('spares webhooks: a burst of them loses none, and what is not signed reaches nobody', async () => {
    const policy = { rate_limits: [...rate_limits, { match: '/api/(.*)', binding: 'ALL', per: 'user' }], webhook_path: WEBHOOK_PATH };
    await withGate({ policy, env: { CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET }, rateLimits: { ALL: { limit: 1 } } }, async (gate) => {
      const sent = delivery(userCreated());
      assert.deepEqual(await statuses(gate, 4, WEBHOOK_PATH, { method: 'POST', ...sent }), [200, 200, 200, 200]);
      assert.deepEqual(await statuses(gate, 2, WEBHOOK_PATH, { method: 'POST', body: '{}' }), [400, 400]);
      assert.equal(gate.origin.seen.length, 4);
      // Nothing of that was counted.
      assert.deepEqual(await statuses(gate, 2, '/'), [200, 429]);
    });
  });

  test('for the webhooks\' path alone would count nothing, and is a wrong setting', async () => {
    const env = { CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET };
    for (const match of [WEBHOOK_PATH, [WEBHOOK_PATH, `${WEBHOOK_PATH}/`]]) {
      const policy = { rate_limits: [{ match, binding: 'ALL', per: 'client' }], webhook_path: WEBHOOK_PATH };
      await withGate({ policy, env, rateLimits: { ALL: { limit: 1 } } }, async (gate) => {
        assert.equal((await gate.request('/')).status, 500);
        assert.match(gate.worker.log(), /setting `rate_limits\[0\]\.match`: .*webhook_path/);
      });
    }
    // Beside another path it may stand.
    const policy = { rate_limits: [{ match: [WEBHOOK_PATH, '/api/public(.*)'], binding: 'ALL', per: 'client' }], webhook_path: WEBHOOK_PATH };
    await withGate({ policy, env, rateLimits: { ALL: { limit: 1 } } }, async (gate) => assert.deepEqual(await statuses(gate, 2, '/api/public/x'), [200, 429]));
  });
});
