// Rules that take machine tokens: API keys, M2M and OAuth access tokens, checked with the Backend API.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { json } from '../support/clerk.mjs';
import { POLICY, sessionCookies, startGate } from '../support/gate.mjs';

const KEY = ['ak', 'thisisatestkey00000000'].join('_');
const MACHINE = ['mt', 'thisisatesttoken000000'].join('_');
const ACCESS = ['oat', 'thisisatesttoken000000'].join('_');

/** What the Backend API knows, by the path that asks for it. */
const KNOWN = {
  '/api_keys/verify': { secret: KEY, answer: { object: 'api_key', id: 'apikey_1', type: 'api_key', name: 'ci', subject: 'user_1', claims: null, scopes: ['read'], revoked: false, expired: false, revocation_reason: null, created_by: null, description: null, expiration: null, created_at: 1, updated_at: 1 } },
  '/m2m_tokens/verify': { secret: MACHINE, answer: { object: 'machine_to_machine_token', id: 'mt_1', subject: 'mch_1', claims: null, scopes: ['mch_2'], revoked: false, expired: false, revocation_reason: null, expiration: null, created_at: 1, updated_at: 1 } },
  '/oauth_applications/access_tokens/verify': { secret: ACCESS, answer: { object: 'clerk_idp_oauth_access_token', id: 'oat_1', client_id: 'client_1', type: 'oauth_token', subject: 'user_2', scopes: ['profile'], revoked: false, expired: false, revocation_reason: null, expiration: null, created_at: 1, updated_at: 1 } },
};

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  gate = await startGate({
    policy: {
      rules: [
        ...POLICY.rules,
        { match: '/api/keys/:path*', require: { token: 'api_key' } },
        { match: '/api/machines/:path*', require: { token: 'm2m_token' } },
        { match: '/api/mcp/:path*', require: { token: 'oauth_token' } },
        { match: '/api/either/:path*', require: { token: ['session_token', 'api_key'] } },
        { match: '/api/owners/:path*', require: { token: ['session_token', 'api_key'], role: 'org:admin' } },
        { match: '/report/:path*', require: { token: 'api_key' } },
        { match: '/api/tools', access: 'public' },
        { match: '/api/tools/:name', require: { token: 'api_key' } },
      ],
    },
  });
});
after(() => gate.stop());
beforeEach(() => {
  gate.origin.clear();
  gate.clerk.calls.splice(0);
  gate.clerk.respondWith((request, response) => {
    const known = KNOWN[/** @type {keyof typeof KNOWN} */ (request.url ?? '')];
    if (!known) return request.url === '/v1/jwks' ? json(response, 200, { keys: [gate.clerk.jwk] }) : json(response, 404, { errors: [{ code: 'not_found' }] });
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => (body.includes(known.secret) ? json(response, 200, known.answer) : json(response, 404, { errors: [{ code: 'not_found' }] })));
  });
});

/** @param {string} path @param {object} [init] */
async function reason(path, init) {
  const response = await gate.request(path, init);
  assert.deepEqual(gate.origin.seen, []);
  return `${response.status} ${(await response.json()).reason}`;
}

describe('a rule for one kind', () => {
  for (const [path, token, kind, subject, user] of [
    ['/api/keys/x', KEY, 'api_key', 'user_1', 'user_1'],
    ['/api/machines/x', MACHINE, 'm2m_token', 'mch_1', undefined],
    ['/api/mcp/x', ACCESS, 'oauth_token', 'user_2', 'user_2'],
  ]) {
    test(`${kind}: passes, and the origin learns whose it is`, async () => {
      const response = await gate.request(/** @type {string} */ (path), { token: /** @type {string} */ (token) });
      assert.equal(response.status, 200);
      const { headers } = gate.origin.seen[0];
      assert.equal(headers['x-portcullis-auth-status'], 'signed-in');
      assert.equal(headers['x-portcullis-token-type'], kind);
      assert.equal(headers['x-portcullis-subject'], subject);
      assert.equal(headers['x-portcullis-user-id'], user);
      assert.match(response.headers.get('cache-control') ?? '', /private/);
    });
  }

  test('takes it also where the path can be read as an open one', async () => {
    for (const path of ['/api/tools/index', '/api/tools/index.json']) {
      assert.equal((await gate.request(path, { token: KEY })).status, 200, path);
      gate.origin.clear();
      assert.match(await reason(path, { token: await gate.clerk.token() }), /^401 token-type-mismatch/);
      assert.match(await reason(path), /^401 /);
      assert.match(await reason('/api/tools/..%2fkeys', { token: KEY }), /^403 /);
    }
  });

  test('takes no other kind, and no session', async () => {
    assert.match(await reason('/api/keys/x', { token: MACHINE }), /^401 token-type-mismatch/);
    assert.match(await reason('/api/keys/x', { token: ACCESS }), /^401 token-type-mismatch/);
    assert.match(await reason('/api/keys/x', { token: await gate.clerk.token() }), /^401 token-type-mismatch/);
    assert.match(await reason('/api/keys/x', { cookies: sessionCookies(await gate.clerk.token()) }), /^401 /);
  });

  test('an unknown key is 401, a call that fails is no way in', async () => {
    assert.match(await reason('/api/keys/x', { token: `${KEY}x`.replace('000', '111') }), /^401 /);
    gate.clerk.respondWith((request) => request.socket.destroy());
    const response = await gate.request('/api/keys/x', { token: KEY });
    assert.ok([401, 503].includes(response.status), String(response.status));
    assert.deepEqual(gate.origin.seen, []);
  });

  test('a revoked or expired key is refused, whatever the status says', async () => {
    for (const change of [{ revoked: true }, { expired: true }]) {
      gate.clerk.respondWith((_, response) => json(response, 200, { ...KNOWN['/api_keys/verify'].answer, ...change }));
      assert.match(await reason('/api/keys/x', { token: KEY }), /^401 /);
    }
  });

  test('is never a page: a browser is not sent to sign in', async () => {
    assert.match(await reason('/report/1', { document: true }), /^401 /);
  });
});

describe('OAuth', () => {
  test('a 401 says where to learn how to get a token', async () => {
    const response = await gate.request('/api/mcp/x');
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), `Bearer resource_metadata="${gate.url}/.well-known/oauth-protected-resource"`);
  });

  test('other 401s do not', async () => {
    assert.equal((await gate.request('/api/keys/x')).headers.get('www-authenticate'), 'Bearer');
  });
});

describe('a rule for several kinds', () => {
  test('takes each of them and no other', async () => {
    assert.equal((await gate.request('/api/either/x', { token: KEY })).status, 200);
    assert.equal((await gate.request('/api/either/x', { token: await gate.clerk.token() })).status, 200);
    gate.origin.clear();
    assert.match(await reason('/api/either/x', { token: MACHINE }), /^401 /);
  });

  test('a machine has no role', async () => {
    assert.equal(await reason('/api/owners/x', { token: KEY }), '403 requirement-not-met');
  });
});

describe('everywhere else', () => {
  test('a machine token is nobody, and costs no call', async () => {
    assert.match(await reason('/api/protected', { token: KEY }), /^401 /);
    assert.match(await reason('/dashboard', { token: MACHINE }), /^401 /);
    const open = await gate.request('/api/public/x', { token: ACCESS });
    assert.equal((await open.json()).headers['x-portcullis-auth-status'], 'signed-out');
    assert.deepEqual(gate.clerk.calls, []);
  });
});
