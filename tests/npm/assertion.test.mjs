// `createGate` with a signing key: the same assertion and key set as the Worker's, signed by the runtime's Web Crypto.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';

import { createLocalJWKSet, jwtVerify } from 'jose';

import { createGate } from '../../npm/node.js';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const CONFIG = { publishableKey, jwtKey: PEM, authorizedParties: [site], public: ['/'] };
const HEADER = 'x-portcullis-assertion';
const newKey = () => String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
const authorization = `Bearer ${jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh })}`;

/** @param {any} gate */
async function keysOf(gate) {
  const decision = await gate.decide(new Request(`${site}/.well-known/portcullis/jwks.json`));
  assert.deepEqual([decision.action, decision.status, decision.reason], ['answer', 200, 'key-set']);
  const response = decision.toResponse();
  assert.equal(response.headers.get('cache-control'), 'public, max-age=300');
  assert.equal(response.headers.get('vary'), 'Accept-Encoding');
  return createLocalJWKSet(await response.json());
}

describe('an assertion', () => {
  test('goes to the app, about this request, and none of the client\'s does', async () => {
    const gate = await createGate({ ...CONFIG, signingKey: newKey(), signingKeyNext: newKey(), assertionAudience: 'app' });
    const keys = await keysOf(gate);
    /** @type {Request | undefined} */
    let got;
    const request = new Request(`${site}/x?y=1`, { method: 'POST', body: 'b', headers: { authorization, [HEADER]: 'forged', x_portcullis_assertion: 'forged' } });
    await gate.handle(request, (/** @type {Request} */ judged) => new Response((got = judged) && 'ok'));
    assert.equal(got?.headers.get('x_portcullis_assertion'), null);
    const { payload } = await jwtVerify(got?.headers.get(HEADER) ?? '', keys, { algorithms: ['ES256'], issuer: site, audience: 'app', typ: 'portcullis-assertion+jwt' });
    assert.deepEqual([payload.sub, payload.method, payload.path, payload.status], ['user_1', 'POST', '/x', 'signed-in']);
  });

  test('of another gate is of another key', async () => {
    const [one, other] = await Promise.all([createGate({ ...CONFIG, signingKey: newKey() }), createGate({ ...CONFIG, signingKey: newKey() })]);
    const decision = await one.decide(new Request(site));
    await jwtVerify(decision.headers[HEADER], await keysOf(one));
    const keys = await keysOf(other);
    await assert.rejects(jwtVerify(decision.headers[HEADER], keys), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  test('that cannot be signed forwards nothing', async () => {
    const [one, other] = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }));
    const gate = await createGate({ ...CONFIG, signingKey: JSON.stringify({ ...one, d: other.d }) });
    const decision = await gate.decide(new Request(site));
    assert.deepEqual([decision.action, decision.status, decision.reason], ['deny', 500, 'assertion-not-signed']);
  });

  test('needs a key that is one: it is named and not shown', async () => {
    for (const [config, named] of /** @type {[any, string][]} */ ([[{ signingKey: 's3cret' }, 'signingKey'], [{ signingKeyPrevious: newKey() }, 'signingKey'], [{ signingKey: newKey(), signingKeyNext: 's3cret' }, 'signingKeyNext']])) {
      const error = await createGate({ ...CONFIG, ...config }).then(() => assert.fail('made'), (failure) => failure);
      assert.deepEqual(error.errors.map((/** @type {any} */ one) => one.setting), [named]);
      assert.ok(error.message.includes(`\`${named}\``) && !error.message.includes('s3cret'), error.message);
    }
  });
});
