// What JavaScript knows of decisions by numbers: whatever is known, forgotten or lost, each request gets the decision that is its own.

import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';

import { core } from '../../npm/gate-core.js';
import { createGate, explain } from '../../npm/node.js';
import { INSTANCES, jws, times } from '../oracle/authenticate/instance.mjs';
import { configOf } from '../support/site.mjs';

const { site, api } = INSTANCES.prod;
const CONFIG = configOf(INSTANCES.prod);
/** @param {number} n */
const claimsOf = (n) => ({
  iss: `https://${api}`, azp: site, sub: `user_${n}`, sid: `sess_${n}`, metadata: { role: ['admin', 'owner', 'guest'][n % 3] },
  ...(n % 4 === 0 ? { o: { id: `org_${n}`, rol: 'admin', slg: `team-${n}` } } : {}), v: 2, ...times(Date.now()).fresh,
});
/** @param {string} token @param {string} path @param {string} [origin] */
const asUser = (token, path, origin = site) => new Request(origin + path, { headers: { cookie: `theme=dark; __client_uat=1; __session=${token}` } });
/** @param {string} path @param {string} [origin] */
const asNobody = (path, origin = site) => new Request(origin + path);

/** A decision without what is another's each time. @param {any} decision */
function plain({ auth, headers = {}, ...rest }) {
  const { 'x-portcullis-request-id': id, ...others } = headers;
  const { getToken, has, debug, ...facts } = auth ?? {};
  return { ...rest, headers: Object.entries(others), facts };
}

/** What is said about the request in full. @param {any} config @param {Request} request */
async function inFull(config, request) {
  return (await explain(config, request)).decision;
}

/** Numbers that look random and are the same in each run (xorshift). */
function dice(seed = 88172645) {
  return (/** @type {number} */ sides) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % sides;
  };
}

const parts = () => core.instance().known.parts ?? { rules: [], tokens: [] };

afterEach(() => mock.restoreAll());

describe('each request gets its own decision', () => {
  test('among more users than are known, on paths old and new', async () => {
    const gate = await createGate(CONFIG);
    const users = Array.from({ length: 1300 }, (_, n) => ({ n, token: jws(claimsOf(n)) }));
    const roll = dice();
    const ids = new Set();
    const seen = { forwarded: 0, refused: 0 };
    for (let turn = 0; turn < 9000; turn += 1) {
      // Most are of a few who come often; the others push each other out.
      const user = roll(4) === 0 ? undefined : users[roll(2) === 0 ? roll(40) : roll(users.length)];
      const path = ['/', '/open/a', '/home', '/admin', '/admin/x', `/open/${roll(300)}`, `/home/${roll(300)}`, '/home?x=1'][roll(8)];
      const decision = await gate.decide(user ? asUser(user.token, path) : asNobody(path));
      const label = `${turn}: ${user?.n} ${path}`;
      const isPublic = path === '/' || path.startsWith('/open');
      const isAdmin = path.startsWith('/admin');
      const isLetIn = isPublic || (user !== undefined && (!isAdmin || user.n % 3 < 2));
      assert.equal(decision.action === 'forward', isLetIn, label);
      if (decision.action !== 'forward') {
        seen.refused += 1;
        continue;
      }
      seen.forwarded += 1;
      const { 'x-portcullis-request-id': id, ...headers } = decision.headers;
      assert.ok(/^[0-9a-f]{32}$/.test(id) && !ids.has(id), label);
      ids.add(id);
      const claims = user && claimsOf(user.n);
      assert.deepEqual(headers, {
        'x-portcullis-auth-status': user ? 'signed-in' : 'signed-out',
        'x-forwarded-host': 'www.example.com',
        'x-forwarded-proto': 'https',
        ...(claims && { 'x-portcullis-user-id': claims.sub, 'x-portcullis-session-id': claims.sid, 'x-portcullis-role': claims.metadata.role }),
        ...(claims?.o && { 'x-portcullis-org-id': claims.o.id, 'x-portcullis-org-role': `org:${claims.o.rol}` }),
      }, label);
      assert.deepEqual(
        [decision.url, decision.target, decision.reason, decision.access, decision.isPrivate],
        [site + path, path, isPublic ? 'public' : 'allowed', isPublic ? 'public' : isAdmin ? 'admin' : 'protected', user !== undefined || !isPublic],
        label,
      );
      assert.deepEqual([decision.auth.userId, decision.auth.orgId ?? null, await decision.auth.getToken()], [claims?.sub ?? null, claims?.o?.id ?? null, user?.token ?? null], label);
    }
    assert.ok(seen.forwarded > 5000 && seen.refused > 500, JSON.stringify(seen));
    assert.ok(Object.keys(parts().tokens).length > 600, 'the numbers were given out');
  });

  test('as it is said in full, whatever URL, method and origin it has', async () => {
    const token = jws(claimsOf(3));
    const rules = Array.from({ length: 150 }, (_, n) => ({ match: `/r${n}/(.*)`, access: n % 2 ? 'public' : 'protected' }));
    for (const config of /** @type {any[]} */ ([
      CONFIG,
      { ...CONFIG, origin: 'https://app.example.net' },
      { ...CONFIG, origin: site },
      { ...CONFIG, rules },
      { ...CONFIG, public: ['/caf\u00e9/(.*)', '/'] },
      { ...CONFIG, enforce: false },
      { ...CONFIG, tokenCache: 0 },
    ])) {
      const gate = await createGate(config);
      for (const origin of [site, 'http://localhost:8080', 'https://WWW.Example.com:443', 'https://user@www.example.com', `https://${'a.'.repeat(140)}example.com`]) {
        for (const path of ['/', '/open/a', '/open/%41', '/open//b', '/open/b/../c', '/caf%C3%A9/x', '/caf\u00e9/x', '/home?q=a:b', '/r0/a', '/r1/a', '/r148/a', '/r149/a', '/\ud800']) {
          for (const method of ['GET', 'POST', 'get', 'TRACE']) {
            for (const cookie of ['', `__client_uat=1; __session=${token}`]) {
              const headers = new Headers({ cookie });
              const request = /** @type {any} */ ({ method, url: origin + path, headers });
              const expected = plain(await inFull(config, request));
              for (let time = 0; time < 3; time += 1) {
                assert.deepEqual(plain(await gate.decide(request)), expected, `${JSON.stringify(config.origin)} ${method} ${origin}${path} ${cookie.slice(0, 5)}`);
              }
            }
          }
        }
      }
    }
  });

  test('of the gate that was asked, where two differ', async () => {
    const token = jws({ ...claimsOf(1), metadata: { role: 'owner', level: 'gold' } });
    const gates = await Promise.all([
      createGate(CONFIG),
      createGate({ ...CONFIG, adminRequires: { claim: 'metadata.level', oneOf: ['gold'] } }),
      createGate({ ...CONFIG, origin: 'https://app.example.net' }),
    ]);
    for (let time = 0; time < 5; time += 1) {
      const decisions = [];
      for (const gate of gates) decisions.push(await gate.decide(asUser(token, '/admin')));
      assert.deepEqual(decisions.map(({ headers, url }) => [headers['x-portcullis-role'], url]), [
        ['owner', `${site}/admin`], ['gold', `${site}/admin`], ['owner', 'https://app.example.net/admin'],
      ]);
    }
  });

  test('where the headers of one are read in the middle of another', async () => {
    const gate = await createGate(CONFIG);
    const [outer, inner] = [jws(claimsOf(5)), jws(claimsOf(7))];
    for (const token of [outer, inner]) for (let time = 0; time < 3; time += 1) await gate.decide(asUser(token, '/home'));
    const nested = [];
    const { headers } = asUser(outer, '/home');
    const asking = {
      get(/** @type {string} */ name) {
        nested.push(gate.decide(asUser(inner, `/home/${nested.length}`)), gate.decide(asNobody('/')));
        return headers.get(name);
      },
      [Symbol.iterator]: () => headers[Symbol.iterator](),
    };
    for (let time = 0; time < 5; time += 1) {
      const decision = await gate.decide(/** @type {any} */ ({ method: 'GET', url: `${site}/home`, headers: asking }));
      assert.deepEqual([decision.auth.userId, decision.headers['x-portcullis-user-id'], decision.target], ['user_5', 'user_5', '/home']);
    }
    const users = (await Promise.all(nested)).map((decision) => decision.auth.userId);
    assert.ok(users.length > 10 && users.every((user, n) => user === (n % 2 ? null : 'user_7')), String(users));
  });

  test('and may change it: the next one is whole', async () => {
    const gate = await createGate(CONFIG);
    const token = jws(claimsOf(8));
    for (let time = 0; time < 5; time += 1) {
      const decision = await gate.decide(asUser(token, '/home'));
      assert.deepEqual([decision.headers['x-portcullis-user-id'], decision.headers['x-evil'], decision.responseHeaders], ['user_8', undefined, []]);
      Object.assign(decision.headers, { 'x-portcullis-user-id': 'user_evil', 'x-evil': '1' });
      decision.responseHeaders.push(['set-cookie', 'evil=1']);
      decision.auth.userId = 'user_evil';
    }
    assert.equal((await gate.decide(asUser(token, '/home'))).auth.userId, 'user_8');
  });
});

describe('what is known', () => {
  test('lets no token live longer', async () => {
    // The clock stands, however long all of this takes.
    const now = Date.now();
    mock.timers.enable({ apis: ['Date'], now });
    try {
      const gate = await createGate(CONFIG);
      const seconds = Math.floor(now / 1000);
      const token = jws({ ...claimsOf(9), iat: seconds - 10, nbf: seconds - 10, exp: seconds + 50 });
      for (let time = 0; time < 4; time += 1) assert.equal((await gate.decide(asUser(token, '/home'))).auth.userId, 'user_9');
      assert.ok(Object.values(parts().tokens).some((part) => part.token === token), 'it is not even known');
      assert.equal((await gate.decide(asUser(`${token.slice(0, -2)}AA`, '/home'))).action, 'deny', 'a changed byte is another token');
      // Five seconds are the clock skew: the last moment at which it counts, and the first at which it does not.
      mock.timers.setTime((seconds + 55) * 1000 - 1);
      assert.equal((await gate.decide(asUser(token, '/home'))).action, 'forward');
      mock.timers.setTime((seconds + 55) * 1000);
      const decision = await gate.decide(asUser(token, '/home'));
      assert.notEqual(decision.action, 'forward');
      assert.match(decision.reason, /^session-token-expired/);
    } finally {
      mock.timers.reset();
    }
  });

  test('is known only once it is kept: who fails to keep it is told again', async () => {
    const gate = await createGate(CONFIG);
    const tokens = [20, 21, 22].map((n) => jws(claimsOf(n)));
    for (const token of tokens) await gate.decide(asUser(token, '/home'));
    const { known } = core.instance();
    const kept = parts();
    known.parts = /** @type {any} */ ({ ...kept, tokens: new Proxy(kept.tokens, { set() { throw new RangeError('the stack is full'); } }) });
    for (const token of tokens) await assert.rejects(gate.decide(asUser(token, '/home')), RangeError);
    known.parts = kept;
    for (let time = 0; time < 3; time += 1) {
      for (const [n, token] of tokens.entries()) assert.equal((await gate.decide(asUser(token, '/home'))).headers['x-portcullis-user-id'], `user_${20 + n}`);
    }
  });

  test('is no token that is longer than a cookie', async () => {
    const gate = await createGate(CONFIG);
    for (const [chars, isKept] of /** @type {const} */ ([[100, true], [5000, false], [20_000, false]])) {
      const token = jws({ ...claimsOf(40), filler: 'x'.repeat(chars) });
      const request = { method: 'GET', url: `${site}/home`, headers: new Headers({ authorization: `Bearer ${token}` }) };
      for (let time = 0; time < 4; time += 1) {
        const decision = await gate.decide(/** @type {any} */ (request));
        assert.deepEqual([decision.action, decision.auth.userId, await decision.auth.getToken()], ['forward', 'user_40', token]);
      }
      assert.equal(Object.values(parts().tokens).some((part) => part.token === token), isKept, `${chars}`);
    }
  });

  test('and lost denies, once, and is learnt anew', async () => {
    const gate = await createGate(CONFIG);
    const token = jws(claimsOf(30));
    for (let time = 0; time < 3; time += 1) await gate.decide(asUser(token, '/home'));
    const before = core.instance();
    parts().tokens.length = 0;
    mock.method(console, 'error', () => {});
    const lost = await gate.decide(asUser(token, '/home'));
    assert.deepEqual([lost.action, lost.status, lost.reason], ['deny', 500, 'internal-error']);
    assert.notEqual(core.instance(), before);
    for (let time = 0; time < 3; time += 1) assert.equal((await gate.decide(asUser(token, '/home'))).auth.userId, 'user_30');
  });
});
