// Tokens as the compiled modules read them: some decode many letters at once, which native tests do not show.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createGate, verifyToken } from '../../npm/node.js';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const token = (changes = {}) => jws({ iss: `https://${api}`, azp: site, sid: 'sess_1', ...times(Date.now()).fresh, ...changes });
const gate = await createGate({ publishableKey, jwtKey: PEM, authorizedParties: [site] });
/** @param {string} bearer */
const decide = (bearer) => gate.decide(new Request(`${site}/x`, { headers: { authorization: `Bearer ${bearer}` } }));

test('claims of every length are read as they were written', async () => {
  for (let length = 1; length <= 100; length++) {
    const sub = `${'user_Zür?>~'.repeat(10)}`.slice(0, length);
    const bearer = token({ sub });
    const decision = await decide(bearer);
    assert.equal(decision.action, 'forward', `${length}: ${decision.reason}`);
    assert.equal(/** @type {any} */ (decision.auth).userId, sub);
    assert.equal((await verifyToken(bearer, { jwtKey: PEM })).sub, sub);
  }
});

test('a letter that base64url has not is refused, wherever it stands', async () => {
  const good = token({ sub: 'user_1' });
  assert.equal((await decide(good)).action, 'forward');
  let asked = 0;
  for (const odd of ['=', '+', '/', '*', '@', '[', '`', '{', '\u00e9']) {
    for (let at = 0; at < good.length; at++) {
      if (good[at] === '.') continue;
      const bearer = good.slice(0, at) + odd + good.slice(at + 1);
      const decision = await decide(bearer);
      assert.notEqual(decision.action, 'forward', `${odd} at ${at}`);
      assert.equal(decision.reason, 'token-invalid', `${odd} at ${at}`);
      asked++;
    }
  }
  assert.ok(asked > 9 * 500, `${asked}`);
  await assert.rejects(verifyToken(good.replace(/.$/, '='), { jwtKey: PEM }), { reason: 'token-invalid' });
});

test('another letter in place of any of the signature’s makes it a bad one', async () => {
  const good = token({ sub: 'user_1' });
  const start = good.lastIndexOf('.') + 1;
  for (let at = start; at < good.length; at++) {
    const bearer = good.slice(0, at) + (good[at] === 'A' ? 'Q' : 'A') + good.slice(at + 1);
    assert.notEqual((await decide(bearer)).action, 'forward', `${at}`);
  }
});
