// What of a request crosses into Wasm: each part of it whole, and none of it in another's place, through the built Worker in workerd.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { sessionCookies, startGate } from '../support/gate.mjs';

const PARTY = 'https://app.example.com';

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {Record<'one' | 'other' | 'forged', string>} */
let tokens;
before(async () => {
  gate = await startGate({ policy: { authorized_parties: [PARTY] } });
  const one = await gate.clerk.token({ azp: PARTY, sub: 'user_one' });
  const other = await gate.clerk.token({ azp: PARTY, sub: 'user_other' });
  // The one's claims under the other's signature.
  const forged = [...one.split('.').slice(0, 2), other.split('.')[2]].join('.');
  tokens = { one, other, forged };
});
after(() => gate.stop());
beforeEach(() => gate.origin.clear());

/**
 * Sends a request byte for byte and gives its status, and as whom the origin got it.
 *
 * @param {string} target
 * @param {string[]} fields in Latin-1
 */
async function send(target, fields, method = 'GET') {
  const { status } = await gate.raw([`${method} ${target} HTTP/1.1`, `Host: ${new URL(gate.url).host}`, ...fields, 'Connection: close', '', ''].join('\r\n'));
  const [seen] = gate.origin.seen;
  return { status, user: seen?.headers['x-portcullis-user-id'], url: seen?.url };
}

const PAGE = '/dashboard';

describe('of a request', () => {
  test('a header is never taken for a part of another', async () => {
    const cookies = sessionCookies(tokens.one);
    for (const fields of [
      [`Referer: ${gate.url}/?; __session=${tokens.one}`, 'Sec-Fetch-Dest: document', 'Cookie: __client_uat=1'],
      ['Sec-Fetch-Dest: document', `Cookie: ${sessionCookies(tokens.forged)}`, `Referer: ${cookies}`],
      ['Cookie: a=b', `Sec-Fetch-Dest: document; ${cookies}`],
      ['Cookie:', `Sec-Fetch-Dest: ${cookies}`],
      [`X-Cookie: ${cookies}`, `Referer: Bearer ${tokens.one}`],
    ]) {
      gate.origin.clear();
      assert.equal((await send('/api/protected', fields)).status, 401, fields.join(' | ').slice(0, 80));
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('the token of the `Authorization` header counts before the cookies, whichever is longer', async () => {
    for (const filler of ['', `x=${'y'.repeat(5000)}; `]) {
      gate.origin.clear();
      const fields = [`Cookie: ${filler}${sessionCookies(tokens.one)}`, 'Sec-Fetch-Dest: document', `Authorization: Bearer ${tokens.other}`];
      assert.deepEqual(await send(PAGE, fields), { status: 200, user: 'user_other', url: PAGE });
    }
  });

  test('long headers are read whole, one after the other', async () => {
    // Longer and shorter ones in turn: what is left of the longer is not read again.
    for (const length of [0, 3000, 5000, 200, 9000, 10, 8000]) {
      gate.origin.clear();
      const cookies = `before=${'b'.repeat(length)}; ${sessionCookies(tokens.one)}; after=${'a'.repeat(length / 2)}`;
      const target = `${PAGE}?q=${'q'.repeat(Math.min(length, 500))}`;
      assert.deepEqual(await send(target, [`Cookie: ${cookies}`]), { status: 200, user: 'user_one', url: target }, `${length}`);
      gate.origin.clear();
      assert.equal((await send('/api/protected', ['Cookie: __client_uat=1; __session='])).status, 401, `nobody behind ${length}`);
    }
  });

  test('letters beyond ASCII move nothing', async () => {
    for (const letters of ['\u00fc', '\u00e9'.repeat(500), '\u00ff'.repeat(4000)]) {
      gate.origin.clear();
      const fields = [`Cookie: before=${letters}; ${sessionCookies(tokens.one)}; after=${letters}`, 'Sec-Fetch-Dest: document', `Referer: ${gate.url}/${letters}`];
      assert.deepEqual(await send(PAGE, fields), { status: 200, user: 'user_one', url: PAGE }, `${letters.length}`);
      gate.origin.clear();
      const inHeader = [`Cookie: x=${letters}`, `Sec-Fetch-Dest: ${letters}`, `Authorization: Bearer ${tokens.other}`];
      assert.deepEqual(await send(PAGE, inHeader), { status: 200, user: 'user_other', url: PAGE });
    }
  });

  test('the method is its own, also after others', async () => {
    const cookies = `Cookie: ${sessionCookies(tokens.one)}`;
    for (const [method, status] of /** @type {[string, number][]} */ ([['GET', 200], ['POST', 403], ['HEAD', 200], ['DELETE', 403], ['GET', 200], ['OPTIONS', 200], ['POST', 403]])) {
      gate.origin.clear();
      assert.equal((await send('/api/protected', [cookies, 'Origin: https://evil.example'], method)).status, status, method);
      assert.deepEqual(gate.origin.seen.map((seen) => seen.method), status === 200 ? [method] : []);
    }
  });
});

describe('several requests at once', () => {
  test('keep to themselves', async () => {
    const asked = Array.from({ length: 40 }, (_, n) => (n % 3 === 0 ? 'one' : n % 3 === 1 ? 'other' : 'forged'));
    const answers = await Promise.all(asked.map((who, n) => {
      const cookies = `n=${'n'.repeat(n * 200)}; ${sessionCookies(tokens[/** @type {'one'} */ (who)])}`;
      return gate.request(`/api/protected?n=${n}`, { cookies });
    }));
    assert.deepEqual(answers.map(({ status }) => status), asked.map((who) => (who === 'forged' ? 401 : 200)));
    for (const { url, headers } of gate.origin.seen) {
      assert.equal(headers['x-portcullis-user-id'], `user_${asked[Number(new URL(url, gate.url).searchParams.get('n'))]}`);
    }
  });
});
