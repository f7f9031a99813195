// Which tokens open a protected path. Each refusal has its neighbour that passes: the token of the first test.

import assert from 'node:assert/strict';
import { KeyObject, createHmac } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import { exportSPKI, generateKeyPair } from 'jose';

import { KID, json } from '../support/clerk.mjs';
import { sessionCookies, startGate } from '../support/gate.mjs';

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  gate = await startGate();
});
after(() => gate.stop());
beforeEach(() => gate.origin.clear());

const now = () => Math.floor(Date.now() / 1000);
const segment = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** @param {string} token */
async function refusal(token) {
  const response = await gate.request('/api/protected', { token });
  const problem = await response.json();
  assert.deepEqual(gate.origin.seen, [], 'the origin saw a request that had to be refused');
  return `${response.status} ${problem.reason}`;
}

describe('accepted', () => {
  test('in the Authorization header and in the cookie', async () => {
    const token = await gate.clerk.token();
    assert.equal((await gate.request('/api/protected', { token })).status, 200);
    assert.equal((await gate.request('/api/protected', { cookies: sessionCookies(token) })).status, 200);
  });

  test('in the cookie with the instance suffix', async () => {
    const { createHash } = await import('node:crypto');
    const { PUBLISHABLE_KEY } = await import('../support/clerk.mjs');
    const suffix = createHash('sha1').update(PUBLISHABLE_KEY).digest('base64url').slice(0, 8);
    const token = await gate.clerk.token();
    const cookies = `__clerk_db_jwt_${suffix}=dvb; __client_uat_${suffix}=${now() - 60}; __session_${suffix}=${token}`;
    assert.equal((await gate.request('/api/protected', { cookies })).status, 200);
  });

  test('with each of the three algorithms, where the key allows it', async () => {
    const { alg: _, ...anyAlgorithm } = gate.clerk.jwk;
    const open = await startGate();
    try {
      open.clerk.respondWith((__, response) => json(response, 200, { keys: [anyAlgorithm] }));
      for (const alg of ['RS256', 'RS384', 'RS512']) {
        // Web Crypto ties a key to one hash; node:crypto signs with any.
        const key = KeyObject.from(gate.clerk.keys.privateKey);
        const token = await gate.clerk.token({}, { alg }, key);
        assert.equal((await open.request('/api/protected', { token })).status, 200, alg);
        // The key set of the other gate says RS256.
        assert.equal((await gate.request('/api/protected', { token })).status, alg === 'RS256' ? 200 : 401, alg);
      }
    } finally {
      await open.stop();
    }
  });

  test('up to five seconds late or early', async () => {
    assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({ exp: now() - 3 }) })).status, 200);
    assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token({ nbf: now() + 3 }) })).status, 200);
  });
});

describe('missing_azp', () => {
  test('observe accepts a token without a party and logs it; another party stays refused', async () => {
    const lenient = await startGate({ policy: { missing_azp: 'observe' } });
    try {
      const token = await lenient.clerk.token({ azp: undefined });
      assert.equal((await lenient.request('/api/protected', { token })).status, 200);
      assert.match(lenient.worker.log(), /"event":"azp-missing"/);
      assert.equal((await lenient.request('/api/protected', { token: await lenient.clerk.token({ azp: 'https://evil.example' }) })).status, 401);
    } finally {
      await lenient.stop();
    }
  });

  test('navigation accepts it on a same-origin page from the cookie only', async () => {
    const lenient = await startGate({ policy: { missing_azp: 'navigation' } });
    try {
      const token = await lenient.clerk.token({ azp: undefined });
      const cookies = sessionCookies(token);
      const from = (/** @type {string} */ site) => lenient.request('/dashboard', { document: true, cookies, headers: { 'sec-fetch-site': site } });
      assert.equal((await from('same-origin')).status, 200);
      assert.notEqual((await from('cross-site')).status, 200);
      assert.equal((await lenient.request('/api/protected', { token })).status, 401);
    } finally {
      await lenient.stop();
    }
  });
});

describe('refused', () => {
  test('expired', async () => assert.equal(await refusal(await gate.clerk.token({ exp: now() - 6 })), '401 session-token-expired-refresh-non-eligible-no-refresh-cookie'));
  test('early', async () => assert.equal(await refusal(await gate.clerk.token({ nbf: now() + 60 })), '401 session-token-nbf'));
  test('issued in the future', async () =>
    assert.equal(await refusal(await gate.clerk.token({ iat: now() + 60, nbf: undefined })), '401 session-token-iat-in-the-future'));
  test('of another authorized party', async () =>
    assert.equal(await refusal(await gate.clerk.token({ azp: 'https://evil.example' })), '401 token-invalid-authorized-parties'));
  test('without an authorized party', async () => {
    for (const azp of [undefined, '', null, 5, ['http://127.0.0.1:1'], true]) {
      assert.equal(await refusal(await gate.clerk.token({ azp })), '401 token-invalid-authorized-parties', String(azp));
    }
  });
  test('of another issuer', async () =>
    assert.equal(await refusal(await gate.clerk.token({ iss: 'https://other-1.clerk.accounts.dev' })), '401 token-invalid-issuer'));
  test('without a subject', async () => assert.equal(await refusal(await gate.clerk.token({ sub: undefined })), '401 token-verification-failed'));

  test('signed by another key', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    assert.equal(await refusal(await gate.clerk.token({}, {}, privateKey)), '401 token-invalid-signature');
  });

  test('with one byte changed anywhere', async () => {
    const token = await gate.clerk.token();
    const [header, payload, signature] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forged = `${header}.${segment({ ...claims, sub: 'user_2' })}.${signature}`;
    assert.equal(await refusal(forged), '401 token-invalid-signature');
    const middle = Math.floor(signature.length / 2);
    const bent = signature.slice(0, middle) + (signature[middle] === 'A' ? 'B' : 'A') + signature.slice(middle + 1);
    assert.equal(await refusal(`${header}.${payload}.${bent}`), '401 token-invalid-signature');
  });

  test('with the signature of another token, sent among good ones of the same length', async () => {
    const good = await Promise.all(Array.from({ length: 40 }, (_, index) => gate.clerk.token({ sub: `user_${10 + index}` })));
    const sent = good.map((token, index) => (index % 2 === 0 ? token : token.replace(/[^.]+$/, good[index - 1].split('.')[2])));
    const statuses = await Promise.all(sent.map(async (token) => (await gate.request('/api/protected', { token })).status));
    assert.deepEqual(statuses, sent.map((_, index) => (index % 2 === 0 ? 200 : 401)));
  });

  test('alg none, in every spelling', async () => {
    for (const alg of ['none', 'None', 'NONE', '', null, undefined]) {
      const token = `${segment({ alg, kid: KID, typ: 'JWT' })}.${segment({ sub: 'user_1', exp: now() + 60 })}.`;
      assert.equal(await refusal(token), '401 token-invalid-algorithm', String(alg));
    }
  });

  test('HS256 with the public key as the secret', async () => {
    const pem = await exportSPKI(gate.clerk.keys.publicKey);
    const [, payload] = (await gate.clerk.token()).split('.');
    for (const secret of [pem, pem.trim(), JSON.stringify(gate.clerk.jwk)]) {
      const input = `${segment({ alg: 'HS256', kid: KID, typ: 'JWT' })}.${payload}`;
      const signature = createHmac('sha256', secret).update(input).digest('base64url');
      assert.equal(await refusal(`${input}.${signature}`), '401 token-invalid-algorithm');
    }
  });

  test('with a kid that no key has', async () => {
    for (const kid of ['ins_other', '__proto__', 'constructor', '../x']) {
      assert.equal(await refusal(await gate.clerk.token({}, { kid })), '401 jwk-kid-mismatch', kid);
    }
  });

  test('of another type or class', async () => {
    assert.match(await refusal(await gate.clerk.token({}, { typ: 'at+jwt' })), /^401 /);
    assert.match(await refusal(await gate.clerk.token({}, { cat: 'cl_B7d4PD222AAA' })), /^401 token-type-mismatch/);
    assert.match(await refusal(await gate.clerk.token({ sub: 'mch_1' })), /^401 /);
  });
});

describe('malformed', () => {
  test('any bytes are a clear 401', async () => {
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    const claims = (payload) => `${segment({ alg: 'RS256', kid: KID, typ: 'JWT' })}.${segment(payload)}.${segment('x')}`;
    const cases = {
      empty: 'x', dots: '...', 'many dots': '.'.repeat(7000), 'two parts': 'a.b', 'not base64': '%.%.%', 'not JSON': `${segment('x')}.${segment('y')}.z`,
      'null header': `${segment('null')}.${segment('null')}.z`, 'array': claims([]), 'number': claims('5'), 'string': claims('"x"'),
      deep: claims(`{"a":${deep}}`), 'huge number': claims('{"exp":1e400,"sub":"user_1"}'), 'exp string': claims({ sub: 'u', exp: '9999999999' }),
      'duplicate keys': claims('{"sub":"a","sub":"b","exp":1,"exp":9999999999}'), 'invalid UTF-8': `${segment({ alg: 'RS256', kid: KID })}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.z`,
    };
    for (const [name, token] of Object.entries(cases)) {
      const response = await gate.request('/api/protected', { token });
      assert.equal(response.status, 401, name);
      assert.match((await response.json()).reason, /^[a-z-]+$/, name);
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('claims of the wrong type under a good signature are refused', async () => {
    for (const claims of [{ exp: '9999999999' }, { exp: null }, { exp: undefined }, { nbf: 'x' }, { iat: {} }, { sub: 5 }, { sub: ['user_1'] }, { exp: 1e300 }]) {
      assert.match(await refusal(await gate.clerk.token(claims)), /^401 /, JSON.stringify(claims));
    }
  });

  test('a token as long as the platform lets through is refused, not parsed', async () => {
    const response = await gate.request('/api/protected', { token: `a.${'b'.repeat(60_000)}.c` });
    assert.equal(response.status, 401);
  });

  test('a token of a megabyte is refused, by the platform or by the gate', async () => {
    const token = `a.${'b'.repeat(1024 * 1024)}.c`;
    for (const header of [`Authorization: Bearer ${token}`, `Cookie: __session=${token}`]) {
      const { status } = await gate.raw(`GET /api/protected HTTP/1.1\r\nHost: gate.localhost\r\n${header}\r\nConnection: close\r\n\r\n`);
      assert.ok(status >= 400 || status === 0, `${status}, where 0 is a connection that was closed`);
    }
    assert.deepEqual(gate.origin.seen, []);
    assert.equal((await gate.request('/')).status, 200, 'the gate is still there');
    gate.origin.clear();
  });

  test('cookies of any bytes are a clear answer', async () => {
    for (const cookies of ['__session', '__session=', '__session=%', '__session=%ZZ', '=x', ';;;;', '__session="', '__client_uat=NaN; __session=x.y.z', '__client_uat=1e999; __session=a.b.c', `a=${'b'.repeat(30_000)}`, '__session=a; __session=b']) {
      const response = await gate.request('/api/protected', { cookies });
      assert.equal(response.status, 401, cookies.slice(0, 40));
    }
    assert.deepEqual(gate.origin.seen, []);
  });
});
