// Web Crypto against Project Wycheproof's RSA signatures: the Wasm hosts leave the signature to the platform, so it has to be right.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const file = JSON.parse(readFileSync(new URL('../vectors/wycheproof/rsa_signature_2048_sha256_test.json', import.meta.url), 'utf8'));

/** The DER in its padding is not the one that RFC 8017 section 9.2 asks for; a reader may go either way. */
const ACCEPTABLE_AND_REFUSED = [8];

test('Web Crypto judges RSA signatures as the vectors say', async () => {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  let judged = 0;
  for (const group of file.testGroups) {
    const { kty, n, e } = group.keyJwk;
    const key = await crypto.subtle.importKey('jwk', { kty, n, e }, algorithm, false, ['verify']);
    for (const { tcId, comment, msg, sig, result } of group.tests) {
      const isValid = await crypto.subtle.verify(algorithm.name, key, Buffer.from(sig, 'hex'), Buffer.from(msg, 'hex'));
      const expected = result === 'valid' || (result === 'acceptable' && !ACCEPTABLE_AND_REFUSED.includes(tcId));
      assert.equal(isValid, expected, `${tcId}: ${comment}`);
      judged += 1;
    }
  }
  assert.equal(judged, file.numberOfTests);
});
