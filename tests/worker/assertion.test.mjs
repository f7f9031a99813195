// What the gate signs for the origin: checked with `jose`, and with the examples of docs/assertion.md. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import { calculateJwkThumbprint, createRemoteJWKSet, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose';

import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { SIGNING_SECRET, WEBHOOK_PATH, delivery, userCreated } from '../support/receiver.mjs';

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */

const KEYS_PATH = '/.well-known/portcullis/jwks.json';
const HEADER = 'x-portcullis-assertion';

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { pem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })), jwk: privateKey.export({ format: 'jwk' }), privateKey, publicKey };
}

/** The assertion of the last request that the origin saw. @param {Gate} gate */
const assertionOf = (gate) => String(gate.origin.seen.at(-1)?.headers[HEADER] ?? '');

/** @param {Gate} gate @param {string} [token] */
const verify = (gate, token = assertionOf(gate)) =>
  jwtVerify(token, createRemoteJWKSet(new URL(gate.url + KEYS_PATH)), { algorithms: ['ES256'], typ: 'portcullis-assertion+jwt', issuer: gate.url, audience: gate.origin.url });

const key = newKey();

describe('without a signing key', () => {
  /** @type {Gate} */
  let gate;
  before(async () => void (gate = await startGate()));
  after(() => gate.stop());

  test('nothing is signed, a client cannot say that it is, and there is no key set', async () => {
    await gate.request('/', { headers: { [HEADER]: 'forged', x_portcullis_assertion: 'forged' } });
    const { headers } = gate.origin.seen.at(-1);
    assert.equal(headers[HEADER], undefined);
    assert.equal(headers.x_portcullis_assertion, undefined);
    assert.equal((await gate.request(KEYS_PATH)).status, 404);
  });
});

describe('an assertion', () => {
  /** @type {Gate} */
  let gate;
  before(async () => void (gate = await startGate({ policy: { webhook_path: WEBHOOK_PATH }, env: { PORTCULLIS_SIGNING_KEY: key.pem, CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET } })));
  after(() => gate.stop());
  beforeEach(() => gate.origin.clear());

  test('is never the client\'s own', async () => {
    await gate.request('/', { headers: { [HEADER]: 'forged', x_portcullis_assertion: 'forged', 'X.Portcullis.Assertion': 'forged' } });
    const { headers } = gate.origin.seen.at(-1);
    assert.ok(!JSON.stringify(headers).includes('forged'));
    assert.equal((await verify(gate)).payload.status, 'signed-out');
  });

  test('says the same as the headers, about this request, for a minute', async () => {
    const token = await gate.clerk.token({ sub: 'user_a', sid: 'sess_a', o: { id: 'org_a', rol: 'admin', slg: 's' }, metadata: { role: 'admin' } });
    await gate.request('/admin/x?a=1&b=%20', { token, method: 'POST', body: 'x' });
    const { payload, protectedHeader } = await verify(gate);
    assert.deepEqual(protectedHeader, { alg: 'ES256', kid: await calculateJwkThumbprint(await exportJWK(key.publicKey)), typ: 'portcullis-assertion+jwt' });
    const { iat, exp, jti, query, ...rest } = payload;
    assert.deepEqual(rest, {
      iss: gate.url, aud: gate.origin.url, sub: 'user_a', sid: 'sess_a', org: 'org_a', org_role: 'org:admin', role: 'admin', status: 'signed-in',
      method: 'POST', path: '/admin/x', access: 'admin', rule: 'admin[0] /admin(.*)',
    });
    assert.equal(exp - iat, 60);
    assert.ok(Math.abs(iat - Date.now() / 1000) < 30);
    assert.equal(jti, gate.origin.seen.at(-1).headers['x-portcullis-request-id']);
    const { createHash } = await import('node:crypto');
    assert.equal(query, createHash('sha256').update('a=1&b=%20').digest('base64url'));
  });

  test('names the path byte for byte as the origin gets it', async () => {
    for (const path of ['//api/public//x', '/api/public/%7Ex/', '/api/public/caf%C3%A9?', '/api/public/a;b=c?x']) {
      await gate.request(path, { token: await gate.clerk.token() });
      const [target, mark] = gate.origin.seen.at(-1).url.split(/(\?)/);
      const { payload } = await verify(gate);
      assert.equal(payload.path, target, path);
      assert.equal('query' in payload, mark !== undefined, path);
    }
  });

  test('of nobody has no subject, on documents and for bad tokens too', async () => {
    await gate.request('/', { document: true, cookies: SIGNED_OUT_COOKIES });
    const { payload } = await verify(gate);
    assert.equal(payload.sub, undefined);
    assert.equal(payload.sid, undefined);
    assert.equal(payload.access, 'public');
    await gate.request('/', { token: `${(await gate.clerk.token()).slice(0, -4)}AAAA` });
    assert.equal((await verify(gate)).payload.status, 'signed-out');
  });

  test('stands on a webhook delivery, too', async () => {
    const { headers, body } = delivery(userCreated('user_a'));
    assert.equal((await gate.request(WEBHOOK_PATH, { method: 'POST', headers, body })).status, 200);
    const { payload } = await verify(gate);
    assert.deepEqual([payload.method, payload.path, payload.rule, payload.sub], ['POST', WEBHOOK_PATH, `webhook_path ${WEBHOOK_PATH}`, undefined]);
  });

  test('is new for each request, and none stands on what is not forwarded', async () => {
    const cookies = sessionCookies(await gate.clerk.token());
    await gate.request('/dashboard', { cookies });
    const first = assertionOf(gate);
    await gate.request('/dashboard', { cookies });
    assert.notEqual(assertionOf(gate), first);
    gate.origin.clear();
    const denied = await gate.request('/dashboard');
    assert.equal(denied.status, 401);
    assert.equal(denied.headers.get(HEADER), null);
    assert.deepEqual(gate.origin.seen, []);
  });

  test('key set: public halves only, for everybody, to be kept for five minutes', async () => {
    const response = await gate.request(KEYS_PATH);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('cache-control'), 'public, max-age=300');
    assert.doesNotMatch(response.headers.get('vary') ?? '', /cookie|authorization/i);
    assert.equal(response.headers.get('content-type'), 'application/jwk-set+json');
    const { x, y } = key.jwk;
    const kid = await calculateJwkThumbprint(await exportJWK(key.publicKey));
    assert.deepEqual(await response.json(), { keys: [{ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }] });
    assert.equal((await gate.request(KEYS_PATH, { method: 'POST' })).status, 404);
    assert.deepEqual(gate.origin.seen, []);
  });
});

describe('a key', () => {
  /** @param {Record<string, string | undefined>} env @param {(gate: Gate) => Promise<void>} run @param {Record<string, unknown>} [policy] */
  const withGate = async (env, run, policy) => {
    const gate = await startGate({ env, policy });
    try {
      await run(gate);
    } finally {
      await gate.stop();
    }
  };

  test('that is none is named and not shown, and nothing is forwarded', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const wrong of ['s3cret-text', String(rsa), JSON.stringify(key.publicKey.export({ format: 'jwk' }))]) {
      await withGate({ PORTCULLIS_SIGNING_KEY: wrong }, async (gate) => {
        assert.equal((await gate.request('/')).status, 500);
        assert.match(gate.worker.log(), /setting `PORTCULLIS_SIGNING_KEY` has an invalid value \(not shown\), expected a /);
        assert.ok(!gate.worker.log().includes(wrong.slice(30, 60) || wrong));
        assert.deepEqual(gate.origin.seen, []);
      });
    }
  });

  test('whose halves do not belong together signs nothing and forwards nothing', async () => {
    const mixed = JSON.stringify({ ...key.jwk, d: newKey().jwk.d });
    await withGate({ PORTCULLIS_SIGNING_KEY: mixed }, async (gate) => {
      const response = await gate.request('/');
      assert.equal(response.status, 500);
      assert.equal((await response.json()).reason, 'assertion-not-signed');
      assert.deepEqual(gate.origin.seen, []);
      assert.equal((await gate.request('/dashboard')).status, 401);
      assert.match(gate.worker.log(), /"reason":"assertion-not-signed"/);
    });
  });

  test('that only publishes is no key to sign with, and no key stands there twice', async () => {
    await withGate({ PORTCULLIS_SIGNING_KEY_NEXT: key.pem }, async (gate) => {
      assert.equal((await gate.request('/')).status, 500);
      assert.match(gate.worker.log(), /setting `PORTCULLIS_SIGNING_KEY` is missing/);
    });
    await withGate({ PORTCULLIS_SIGNING_KEY: key.pem, PORTCULLIS_SIGNING_KEY_PREVIOUS: JSON.stringify(key.jwk) }, async (gate) => {
      assert.equal((await gate.request('/')).status, 500);
      assert.match(gate.worker.log(), /setting `PORTCULLIS_SIGNING_KEY_PREVIOUS`: it is the same key/);
    });
  });

  test('is changed without a moment in which an assertion is not believed', async () => {
    const [old, next] = [newKey(), newKey()];
    /** @type {string} */
    let before;
    await withGate({ PORTCULLIS_SIGNING_KEY: old.pem, PORTCULLIS_SIGNING_KEY_NEXT: next.pem }, async (gate) => {
      await gate.request('/');
      before = assertionOf(gate);
      const { keys } = await (await gate.request(KEYS_PATH)).json();
      assert.deepEqual(keys.map(({ x }) => x), [old.jwk.x, next.jwk.x]);
    });
    // As JWKs, and with line breaks written out as some forms do.
    await withGate({ PORTCULLIS_SIGNING_KEY: JSON.stringify(next.jwk), PORTCULLIS_SIGNING_KEY_PREVIOUS: old.pem.replaceAll('\n', '\\n') }, async (gate) => {
      await gate.request('/');
      assert.equal(decodeProtectedHeader(assertionOf(gate)).kid, await calculateJwkThumbprint(await exportJWK(next.publicKey)));
      await verify(gate);
      await jwtVerify(before, createRemoteJWKSet(new URL(gate.url + KEYS_PATH)), { algorithms: ['ES256'] });
    });
  });

  test('signs for whom the settings say', async () => {
    await withGate({ PORTCULLIS_SIGNING_KEY: key.pem }, async (gate) => {
      await gate.request('/');
      const { payload } = await jwtVerify(assertionOf(gate), key.publicKey);
      assert.equal(payload.aud, 'my-app');
    }, { assertion_audience: 'my-app' });
    const bound = await startGate({ env: { PORTCULLIS_SIGNING_KEY: key.pem }, reach: 'ORIGIN' });
    try {
      await bound.request('/');
      assert.equal((await jwtVerify(assertionOf(bound), key.publicKey)).payload.aud, bound.url);
    } finally {
      await bound.stop();
    }
  });
});
