// What an origin tells caches, in more ways than the gate keeps in mind: each answer has its own fields, however often it comes.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startGate } from '../support/gate.mjs';
import { listen } from '../support/listen.mjs';

/** More than `KEPT_CACHE_FIELDS` of `crossing.mjs`. */
const WAYS = 100;

/** Says what the query says. */
const origin = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '', 'http://x');
  response.writeHead(200, { 'cdn-cache-control': 'max-age=600', ...Object.fromEntries(searchParams) });
  response.end();
});
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {string} */
let token;
before(async () => {
  gate = await startGate({ policy: { origin: `http://127.0.0.1:${await listen(origin)}` } });
  token = await gate.clerk.token();
});
after(async () => {
  await gate.stop();
  origin.closeAllConnections();
  await new Promise((resolve) => origin.close(resolve));
});

/** @param {string} path @param {Record<string, string>} fields @param {object} [options] */
async function fieldsOf(path, fields, options) {
  const { status, headers } = await gate.request(`${path}?${new URLSearchParams(fields)}`, options);
  assert.equal(status, 200);
  return [headers.get('cache-control'), headers.get('vary'), headers.get('cdn-cache-control')];
}

test('many ways, each twice, and between them answers that are nobody’s', async () => {
  for (let round = 0; round < 2; round += 1) {
    for (let way = 0; way < WAYS; way += 1) {
      const fields = { 'cache-control': `public, max-age=${way}`, vary: `X-${way % 7}` };
      assert.deepEqual(await fieldsOf('/api/protected', fields, { token }), [`private, max-age=${way}`, `X-${way % 7}, Cookie, Authorization`, null]);
      if (way % 10 === 0) assert.deepEqual(await fieldsOf('/api/public/x', fields), [fields['cache-control'], fields.vary, 'max-age=600']);
    }
  }
});

test('ways that are too long to be kept', async () => {
  const long = `note="${'x'.repeat(2000)}"`;
  for (let round = 0; round < 2; round += 1) {
    assert.deepEqual(await fieldsOf('/api/protected', { 'cache-control': `s-maxage=600, ${long}` }, { token }), [`private, ${long}`, 'Cookie, Authorization', null]);
    assert.deepEqual(await fieldsOf('/api/protected', {}, { token }), ['private', 'Cookie, Authorization', null]);
  }
});
