// Clerk's own SDK against the development identity: what the SDK accepts from it, a gate may rely on.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { createClerkClient } from '@clerk/backend';

import { assertDevelopmentMachine, isLoopbackHostname, parseLoopbackUrl } from '../../dev-identity/loopback.mjs';
import { startIdentity } from '../../dev-identity/server.mjs';

const APP = 'http://localhost:8787';

/** @type {Awaited<ReturnType<typeof startIdentity>>} */
let identity;
/** @type {Map<string, string>} */
let jar;

before(async () => {
  process.env.CLERK_TELEMETRY_DISABLED = '1';
  identity = await startIdentity({ gateOrigin: APP });
});
beforeEach(() => {
  jar = new Map();
  identity.setOutage();
});
after(() => identity.stop());

test('a new browser gets a dev browser and is signed out', async () => {
  const { state, steps } = await visit(`${APP}/dashboard`);
  assert.deepEqual(steps, ['handshake dev-browser-missing', 'signed-out session-token-missing', 'signed-out session-token-and-uat-missing']);
  assert.equal(state.toAuth().userId, null);
  assert.match(jar.get('__clerk_db_jwt') ?? '', /^dvb_/);
});

for (const persona of ['user', 'admin']) {
  test(`signing in as ${persona} ends in a session of that person`, async () => {
    const { state, steps } = await signInAs(persona);
    assert.deepEqual(steps, ['handshake dev-browser-sync', 'signed-in null', 'signed-in null']);
    const auth = state.toAuth();
    assert.equal(auth.userId, identity.people.users[persona].id);
    assert.equal(auth.sessionClaims.metadata.role, persona === 'admin' ? 'admin' : undefined);
    assert.equal(auth.sessionClaims.iss, identity.issuer);
    assert.equal(auth.sessionClaims.azp, APP);
    assert.equal(auth.sessionClaims.exp - auth.sessionClaims.iat, 60);
  });
}

test('a handshake by token needs no Backend API but the key set', async () => {
  await signInAs('user');
  const url = new URL('/v1/client/handshake', identity.url);
  url.searchParams.set('redirect_url', `${APP}/dashboard`);
  url.searchParams.set('__clerk_db_jwt', jar.get('__clerk_db_jwt') ?? '');
  const { headers } = await fetch(url, { redirect: 'manual' });
  const back = headers.get('location') ?? '';
  assert.match(back, /__clerk_handshake=ey/);
  jar = new Map();
  const { steps } = await visit(back);
  assert.deepEqual(steps, ['signed-in null', 'signed-in null']);
});

test('session tokens live as long as they are told to', async () => {
  const other = await startIdentity({ gateOrigin: APP, tokenLifetimeSeconds: 2 });
  try {
    const { exp, iat } = other.readToken(other.mintToken()) ?? assert.fail('not a token');
    assert.equal(exp - iat, 2);
  } finally {
    await other.stop();
  }
});

test('an expired session token is refreshed by its refresh token', async () => {
  const { state } = await signInAs('user');
  const { sessionId: sid, userId: sub } = state.toAuth();
  const expired = identity.mintToken({ sid, sub, iat: Math.floor(Date.now() / 1000) - 3600 });
  for (const name of ['__session', '__client_uat']) {
    for (const each of [name, `${name}_${identity.cookieSuffix}`]) jar.set(each, name === '__session' ? expired : '1');
  }
  const { state: refreshed, steps } = await visit(`${APP}/dashboard`);
  assert.deepEqual(steps, ['signed-in null']);
  assert.equal(refreshed.toAuth().sessionId, sid);
  assert.notEqual(jar.get('__session'), expired);
});

test('signing out ends the session everywhere', async () => {
  const { state } = await signInAs('user');
  const out = await fetch(`${identity.url}/sign-out`, { redirect: 'manual', headers: { cookie: cookies() } });
  const { state: after } = await visit(out.headers.get('location') ?? '');
  assert.equal(after.status, 'signed-out');
  assert.equal(jar.has('__session'), false);
  assert.equal((await backend(`/v1/sessions/${state.toAuth().sessionId}`)).body.status, 'ended');
});

test('the Backend API wants the secret key', async () => {
  for (const path of ['/v1/jwks', '/v1/clients/handshake_payload?nonce=x', '/v1/users/x']) {
    assert.equal((await fetch(identity.url + path)).status, 401, path);
    assert.equal((await fetch(identity.url + path, { headers: { authorization: 'Bearer sk_test_other' } })).status, 401, path);
  }
  assert.equal((await backend('/v1/jwks')).body.keys[0].kid, identity.kid);
  assert.equal((await backend(`/v1/users/${identity.people.users.admin.id}`)).body.public_metadata.role, 'admin');
});

test('an outage of the Backend API leaves the Frontend API alone', async () => {
  identity.setOutage('error');
  assert.equal((await backend('/v1/jwks')).status, 503);
  assert.equal((await fetch(`${identity.url}/.well-known/jwks.json`)).status, 200);
  identity.setOutage();
  assert.equal((await backend('/v1/jwks')).status, 200);
});

test('it sends a browser nowhere but to this machine', async () => {
  for (const to of ['https://evil.example/', '//evil.example', 'http://localhost@evil.example/', 'http://localhost.evil.example/', 'javascript:1']) {
    const query = new URLSearchParams({ redirect_url: to, persona: 'user' });
    const answers = await Promise.all([
      fetch(`${identity.url}/v1/client/handshake?${query}`, { redirect: 'manual' }),
      fetch(`${identity.url}/sign-out?${query}`, { redirect: 'manual' }),
      fetch(`${identity.url}/sign-in`, { method: 'POST', redirect: 'manual', body: query }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status), [400, 400, 400], to);
  }
});

test('another site can neither sign anyone in nor reach it under a name of its own', async () => {
  const body = new URLSearchParams({ persona: 'admin' });
  const foreign = await fetch(`${identity.url}/sign-in`, { method: 'POST', body, redirect: 'manual', headers: { origin: 'https://evil.example' } });
  assert.equal(foreign.status, 403);
  const rebound = httpRequest(`${identity.url}/.well-known/jwks.json`, { headers: { host: 'evil.example' } }).end();
  const [response] = await once(rebound, 'response');
  assert.equal(response.statusCode, 421);
});

test('it does not start where apps are deployed, nor for an app elsewhere', async () => {
  assert.throws(() => assertDevelopmentMachine({ NODE_ENV: 'production' }), /NODE_ENV=production/);
  assert.throws(() => assertDevelopmentMachine({ WORKERS_CI: '1' }), /WORKERS_CI/);
  assert.doesNotThrow(() => assertDevelopmentMachine({ CI: 'true' }));
  await assert.rejects(startIdentity({ gateOrigin: 'https://app.example.com' }), /only this machine/);
});

test('only loopback counts as this machine', () => {
  for (const host of ['localhost', 'app.localhost', '127.0.0.1', '127.1.2.3', '[::1]']) assert.ok(isLoopbackHostname(host), host);
  for (const host of ['127.0.0.1.nip.io', 'localhost.example', '0.0.0.0', '[::]', '192.168.0.1']) assert.ok(!isLoopbackHostname(host), host);
  assert.equal(parseLoopbackUrl('http://user:pw@localhost/'), undefined);
});

/** @param {string} persona */
async function signInAs(persona) {
  await visit(`${APP}/dashboard`);
  const body = new URLSearchParams({ persona, redirect_url: `${APP}/dashboard` });
  const answer = await fetch(`${identity.url}/sign-in`, { method: 'POST', body, redirect: 'manual' });
  return visit(answer.headers.get('location') ?? '');
}

/**
 * Walks like a browser: asks the SDK what to do about each URL, follows redirects, keeps cookies.
 *
 * @param {string} start
 */
async function visit(start) {
  const clerk = createClerkClient({ publishableKey: identity.publishableKey, secretKey: identity.secretKey, apiUrl: identity.url, proxyUrl: identity.url });
  const steps = [];
  for (let url = start; steps.length < 8; ) {
    const request = new Request(url, { headers: { 'sec-fetch-dest': 'document', accept: 'text/html', cookie: cookies() } });
    const state = await clerk.authenticateRequest(request, { authorizedParties: [APP] });
    steps.push(`${state.status} ${state.reason}`);
    keep(state.headers);
    const location = state.headers.get('location');
    if (!location) return { state: /** @type {any} */ (state), steps };
    const fapi = location.startsWith(identity.url) ? await fetch(location, { redirect: 'manual' }) : undefined;
    url = fapi ? (fapi.headers.get('location') ?? '') : location;
  }
  throw new Error(`going round in circles: ${steps.join(', ')}`);
}

/** @param {string} path */
async function backend(path) {
  const answer = await fetch(identity.url + path, { headers: { authorization: `Bearer ${identity.secretKey}` } });
  return { status: answer.status, body: /** @type {any} */ (await answer.json()) };
}

function cookies() {
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** @param {Headers} headers */
function keep(headers) {
  for (const directive of headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(directive) ?? [];
    if (/Max-Age=0/.test(directive)) jar.delete(name);
    else jar.set(name, value);
  }
}
