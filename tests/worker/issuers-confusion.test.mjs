// Attacks on who issued what: one issuer's token, key or name in the place of another's. Nothing of it may pass.

import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';

import { exportJWK, exportSPKI, generateKeyPair, importJWK } from 'jose';

import { ISSUER, KID } from '../support/clerk.mjs';
import { sessionCookies, startGate } from '../support/gate.mjs';
import { AUDIENCE, rawToken, startIssuer } from '../support/issuer.mjs';

/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let first;
/** @type {Awaited<ReturnType<typeof startIssuer>>} */
let second;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
const now = () => Math.floor(Date.now() / 1000);

before(async () => {
  first = await startIssuer();
  const bare = first.jwks.map(({ alg, use, ...jwk }) => ({ ...jwk, kid: `bare-${jwk.kid}` }));
  first.serve([...first.jwks, ...bare]);
  // The same names of keys, other keys.
  second = await startIssuer();
  const block = (/** @type {any} */ { iss, jwksUrl }, /** @type {object} */ more) => ({ issuer: iss, jwks_url: jwksUrl, header: 'Authorization', audience: AUDIENCE, ...more });
  gate = await startGate({
    policy: {
      issuers: [
        block(first, { algorithms: ['RS256', 'ES256', 'EdDSA'], cookie: 'first' }),
        block(second, { algorithms: ['PS256'], cookie: 'second', audience: 'second-only' }),
      ],
    },
  });
});
after(() => Promise.all([gate?.stop(), first?.stop(), second?.stop()]));
beforeEach(() => {
  gate.origin.clear();
});

/** Tries a token wherever one can stand; it must get nowhere. @param {string} token @param {string} what */
async function refused(token, what) {
  const places = [{ token }, { cookies: `first=${token}` }, { cookies: `second=${token}` }, { cookies: sessionCookies(token) }, { cookies: `first=${token}; second=${token}` }];
  for (const place of places) {
    const response = await gate.request('/api/protected', place);
    assert.equal(response.status, 401, `${what}: ${JSON.stringify(place).slice(0, 40)}`);
    if (place.token) assert.match((await response.json()).reason, /^(token|jwk-kid)-/, what);
  }
  assert.deepEqual(gate.origin.seen, [], what);
}

test('what is attacked here works when nothing is wrong', async () => {
  assert.equal((await gate.request('/api/protected', { token: await first.token() })).status, 200);
  assert.equal((await gate.request('/api/protected', { token: await second.token({ aud: 'second-only' }, { alg: 'PS256' }) })).status, 200);
  assert.equal((await gate.request('/api/protected', { token: await gate.clerk.token() })).status, 200);
});

describe('keys', () => {
  test('of the one issuer are nothing to the other, under the same kid', async () => {
    await refused(await second.token({ iss: first.iss }, { alg: 'RS256' }), 'second’s key, first’s name');
    await refused(await first.token({ iss: second.iss, aud: 'second-only' }, { alg: 'PS256' }), 'first’s key, second’s name');
  });

  test('of another issuer are nothing to Clerk, nor Clerk’s to the other', async () => {
    const { privateKey } = gate.clerk.keys;
    await refused(await first.token({ iss: ISSUER, azp: 'http://127.0.0.1:1' }, { kid: KID }), 'first’s key, Clerk’s name');
    await refused(await first.token({ iss: ISSUER, azp: 'http://127.0.0.1:1' }), 'first’s key and kid, Clerk’s name');
    await refused(await first.token({}, { kid: KID }, privateKey), 'Clerk’s key and kid, first’s name');
    await refused(await first.token({}, {}, privateKey), 'Clerk’s key, first’s kid');
    await refused(await gate.clerk.token({ iss: first.iss, aud: AUDIENCE }), 'a token of Clerk’s with first’s name');
  });

  test('that the token brings along count for nothing', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    for (const header of [{ jwk }, { jwk, kid: undefined }, { jku: 'https://evil.example/keys' }, { x5u: 'https://evil.example/cert' }, { kid: '../../../../dev/null' }, { kid: "' OR 1=1" }]) {
      await refused(await first.token({}, header, pair.privateKey), JSON.stringify(header).slice(0, 40));
    }
  });
});

describe('algorithms', () => {
  test('none is none, in any spelling', async () => {
    const claims = { iss: first.iss, sub: 'user_evil', aud: AUDIENCE, iat: now(), exp: now() + 60 };
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined, ['RS256'], 'RS256 ', 'rs256']) {
      for (const signature of ['', 'x']) await refused(rawToken({ alg, kid: 'rs256', typ: 'JWT' }, claims, signature), String(alg));
    }
  });

  test('a public key is no HMAC secret, in any form', async () => {
    const jwk = /** @type {any} */ (first.jwks.find(({ kid }) => kid === 'rs256'));
    const spki = await exportSPKI(/** @type {CryptoKey} */ (await importJWK(jwk, 'RS256', { extractable: true })));
    const claims = { iss: first.iss, sub: 'user_evil', aud: AUDIENCE, iat: now(), exp: now() + 60 };
    for (const secret of [spki, spki.trim(), spki.replaceAll('\n', ''), jwk.n, Buffer.from(jwk.n, 'base64url'), JSON.stringify(jwk), '']) {
      const header = { alg: 'HS256', kid: 'rs256', typ: 'JWT' };
      const input = rawToken(header, claims, '').slice(0, -1);
      await refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`, 'HS256');
    }
  });

  test('are those of the issuer, and fit the key: RS and PS, EC and Ed are not each other', async () => {
    await refused(await first.token({}, { alg: 'PS256' }), 'PS256 where RS256 is allowed, with the key for it');
    await refused(await first.token({}, { alg: 'RS384' }), 'RS384 is not allowed');
    await refused(await first.token({}, { alg: 'ES384' }), 'ES384 is not allowed');
    await refused(await second.token({ aud: 'second-only' }, { alg: 'RS256' }), 'RS256 where PS256 is allowed');
    await refused(await first.token({}, { alg: 'RS256', kid: 'ps256' }), 'RS256 under the kid of the PS256 key');
    await refused(await first.token({}, { alg: 'RS256', kid: 'es256' }), 'RS256 under the kid of the ES256 key');
    await refused(await first.token({}, { alg: 'EdDSA', kid: 'es256' }), 'EdDSA under the kid of the ES256 key');
    await refused(await first.token({}, { alg: 'ES256', kid: 'es384' }), 'ES256 under the kid of the ES384 key');
  });

  test('a key that says nothing about its algorithm takes those of its own kind that are allowed', async () => {
    assert.equal((await gate.request('/api/protected', { token: await first.token({}, { kid: 'bare-rs256' }) })).status, 200);
    assert.equal((await gate.request('/api/protected', { token: await first.token({}, { alg: 'ES256', kid: 'bare-es256' }) })).status, 200);
    gate.origin.clear();
    const rsa = first.keys.RS256;
    await refused(await first.token({}, { alg: 'RS256', kid: 'bare-es256' }, rsa), 'RS256 with a bare EC key');
    await refused(await first.token({}, { alg: 'ES256', kid: 'bare-rs256' }), 'ES256 with a bare RSA key');
    await refused(await first.token({}, { alg: 'ES256', kid: 'bare-es384' }), 'ES256 with a bare P-384 key');
    await refused(await first.token({}, { alg: 'EdDSA', kid: 'bare-rs256' }), 'EdDSA with a bare RSA key');
  });

  test('an empty or zero signature is none', async () => {
    for (const [alg, bytes] of /** @type {[string, number][]} */ ([['RS256', 256], ['ES256', 64], ['EdDSA', 64]])) {
      const claims = { iss: first.iss, sub: 'user_evil', aud: AUDIENCE, iat: now(), exp: now() + 60 };
      for (const signature of [new Uint8Array(0), new Uint8Array(bytes), new Uint8Array(1)]) {
        await refused(rawToken({ alg, kid: alg.toLowerCase(), typ: 'JWT' }, claims, signature), `${alg} ${signature.length}`);
      }
    }
  });

  test('an extension that has to be understood is not', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    await refused(await first.token({}, { alg: 'EdDSA' }, privateKey), 'a key of nobody');
    const claims = { iss: first.iss, sub: 'user_other', aud: AUDIENCE, iat: now(), exp: now() + 60 };
    for (const crit of [['b64'], ['x'], [], null, 'x']) await refused(rawToken({ alg: 'RS256', kid: 'rs256', crit }, claims, 'x'), JSON.stringify(crit));
  });
});

describe('names', () => {
  test('an issuer is its name to the letter', async () => {
    const { iss } = first;
    const others = [`${iss}/`, iss.toUpperCase(), iss.replace('http', 'https'), `${iss} `, ` ${iss}`, `${iss}\0`, `${iss}/x`, [iss], { iss }, '', null, undefined, 'https://evil.example', iss.replace('127.0.0.1', 'localhost')];
    for (const other of others) await refused(await first.token({ iss: other }), JSON.stringify(other) ?? 'absent');
  });

  test('an audience is its own issuer’s', async () => {
    await refused(await first.token({ aud: 'second-only' }), 'second’s audience');
    await refused(await second.token({ aud: AUDIENCE }, { alg: 'PS256' }), 'first’s audience');
  });

  test('one claim given twice is not read in two ways', async () => {
    const [head, , signature] = (await first.token()).split('.');
    const payload = Buffer.from(`{"iss":"${first.iss}","iss":"${second.iss}","sub":"user_evil","aud":"${AUDIENCE}","exp":${now() + 60}}`).toString('base64url');
    await refused(`${head}.${payload}.${signature}`, 'iss twice');
  });
});
