// Other issuers than Clerk through `createGate`: the same settings in camelCase, the same decisions, every algorithm by Node's Web Crypto.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { createGate, explain } from '../../npm/node.js';
import { PARTY, PUBLISHABLE_KEY, SECRET_KEY, json, startClerk } from '../support/clerk.mjs';
import { ALGORITHMS, AUDIENCE, startIssuer } from '../support/issuer.mjs';

/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let issuer;
/** @type {any} */
let config;
before(async () => {
  issuer = await startIssuer();
  config = {
    issuer: {
      issuer: issuer.iss, jwksUrl: issuer.jwksUrl, audience: AUDIENCE, algorithms: ALGORITHMS, cookie: 'id_token', header: 'X-Assertion',
      userId: 'profile.id', role: ['https://example.com/roles'], permissions: 'scope',
    },
    rules: [{ match: '/role', require: { role: 'org:admin' } }],
    api: ['/api(.*)'],
    signInUrl: 'https://login.example.com/',
  };
});
after(() => issuer?.stop());

const request = (/** @type {string} */ path, /** @type {Record<string, string>} */ headers = {}) => new Request(`http://localhost${path}`, { headers });
const mine = { profile: { id: 'u-1' }, 'https://example.com/roles': ['admin'], scope: 'read write' };

test('every algorithm passes, and the auth object says who it is', async () => {
  const gate = await createGate(config);
  for (const alg of ALGORITHMS) {
    const token = await issuer.token(mine, { alg });
    for (const headers of [{ 'x-assertion': token }, { cookie: `id_token=${token}` }, { cookie: `__refresh_x=1; id_token=${token}` }]) {
      const decision = await gate.decide(request('/role', headers));
      assert.equal(decision.action, 'forward', `${alg}: ${decision.reason} ${decision.message}`);
      const { auth } = decision;
      assert.deepEqual([auth.isAuthenticated, auth.issuer, auth.userId, auth.roles, auth.permissions], [true, issuer.iss, 'u-1', ['admin'], ['read', 'write']]);
      assert.equal(decision.headers['x-portcullis-issuer'], issuer.iss);
      assert.equal(await auth.getToken(), token);
    }
  }
});

test('has() asks the issuer’s roles and permissions, and never Clerk’s claims', async () => {
  const gate = await createGate(config);
  const token = await issuer.token({ ...mine, pla: 'u:gold', fea: 'u:x', fva: [0, 0], o: { id: 'org_1', rol: 'owner' }, v: 2 });
  const { auth } = await gate.decide(request('/role', { 'x-assertion': token }));
  assert.equal(auth.has({ role: 'org:admin' }), true);
  assert.equal(auth.has({ permission: 'org:read' }), true);
  for (const asked of [{ role: 'org:owner' }, { permission: 'org:rea' }, { plan: 'gold' }, { feature: 'x' }, { reverification: 'lax' }, {}]) {
    assert.equal(auth.has(asked), false, JSON.stringify(asked));
  }
});

test('who has no good token is told, or sent to sign in', async () => {
  const gate = await createGate(config);
  const page = await gate.decide(request('/x', { accept: 'text/html' }));
  assert.equal(page.location, `https://login.example.com/?redirect_url=${encodeURIComponent('http://localhost/x')}`);
  const other = await issuer.token({ ...mine, aud: 'else' });
  const api = await gate.decide(request('/api/x', { cookie: `id_token=${other}` }));
  assert.deepEqual([api.status, api.reason], [401, 'token-verification-failed']);
  assert.equal((await gate.decide(request('/api/x', { cookie: `id_token=${await issuer.token()}` }))).status, 401, 'no user id at that path');
});

test('machine tokens are Clerk’s, where issuers stand beside it', async (t) => {
  const clerk = await startClerk();
  t.after(() => clerk.stop());
  const known = { id: 'x', scopes: [], claims: null, revoked: false, expired: false };
  const kinds = { api_key: { token: 'ak_of_the_tests', subject: 'user_1' }, m2m_token: { token: 'mt_of_the_tests', subject: 'mch_1' } };
  clerk.respondWith((request, response) => {
    const [kind] = Object.values(kinds).filter(({ token }) => (request.url ?? '').includes(token.startsWith('ak_') ? 'api_keys' : 'm2m_tokens'));
    json(response, kind ? 200 : 404, kind ? { ...known, subject: kind.subject } : { errors: [{ code: 'not_found' }] });
  });
  const rules = Object.keys(kinds).map((kind) => ({ match: `/api/${kind}`, require: { token: kind } }));
  const { issuer: beside } = config;
  const gate = await createGate({ publishableKey: PUBLISHABLE_KEY, secretKey: SECRET_KEY, apiUrl: clerk.url, authorizedParties: [PARTY], issuer: beside, api: ['/(.*)'], rules });
  const decide = async (/** @type {string} */ path, /** @type {Record<string, string>} */ headers = {}) => gate.decide(new Request(PARTY + path, { headers }));
  for (const [kind, { token }] of Object.entries(kinds)) {
    const taken = await decide(`/api/${kind}`, { authorization: `Bearer ${token}` });
    assert.deepEqual([taken.status, taken.reason], [200, 'allowed'], kind);
    for (const headers of [{}, { 'x-assertion': await issuer.token(mine) }, { authorization: `Bearer ${await issuer.token(mine)}` }]) {
      assert.equal((await decide(`/api/${kind}`, /** @type {any} */ (headers))).status, 401, kind);
    }
  }
});

test('an explanation tells which check failed', async () => {
  const { token } = await explain(config, request('/x', { 'x-assertion': await issuer.token({ ...mine, aud: 'else' }) }));
  assert.equal(token?.checks.find(({ outcome }) => outcome === 'failed')?.check, 'audience');
});

test('mistakes are named as the caller wrote them, all at once', async () => {
  const good = config.issuer;
  /** @type {[object, RegExp][]} */
  const mistakes = [
    [{ ...good, audience: undefined }, /setting `issuer\.audience` is missing/],
    [{ ...good, audience: [] }, /setting `issuer\.audience` is missing/],
    [{ ...good, jwksUrl: undefined }, /setting `issuer\.jwksUrl` is missing/],
    [{ ...good, jwksUrl: 'http://id.example.com/keys' }, /setting `issuer\.jwksUrl` is `http:\/\/id\.example\.com\/keys`, expected an `https` URL/],
    [{ ...good, issuer: 'http://id.example.com' }, /setting `issuer\.issuer` is/],
    [{ ...good, algorithms: ['HS256'] }, /setting `issuer\.algorithms\[0\]` is `HS256`, expected one of RS256, .*EdDSA/],
    [{ ...good, algorithms: ['none'] }, /is `none`, expected one of/],
    [{ ...good, cookie: '__session' }, /setting `issuer\.cookie` is `__session`/],
    [{ ...good, cookie: 'a b' }, /setting `issuer\.cookie` is `a b`/],
    [{ ...good, header: 'X-Portcullis-User-Id' }, /setting `issuer\.header` is `x-portcullis-user-id`/],
    [{ ...good, role: 'a..b' }, /setting `issuer\.role`/],
    [{ ...good, rolle: 'x' }, /unknown setting `issuer\.rolle`; help: did you mean `role`/],
  ];
  for (const [issuerBlock, message] of mistakes) {
    await assert.rejects(createGate({ ...config, issuer: issuerBlock }), message, JSON.stringify(issuerBlock));
  }
  await assert.rejects(createGate({ ...config, issuers: [good] }), /is given twice/);
  await assert.rejects(createGate({ ...config, issuer: undefined }), /publishableKey/);
  await assert.rejects(createGate({ ...config, secretKey: 'sk_test_0123456789' }), /publishableKey/, 'one variable of Clerk’s means an instance');
});
