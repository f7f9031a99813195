// Decisions about several requests at once: each reads its own request's headers, whoever asks meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { core } from '../../npm/gate-core.js';
import { createGate } from '../../npm/node.js';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const gate = await createGate({ publishableKey, jwtKey: PEM, authorizedParties: [site], public: ['/open'] });
/** @param {string} sub */
const token = (sub) => jws({ iss: `https://${api}`, azp: site, sid: 'sess_1', sub, ...times(Date.now()).fresh });
/** @param {Record<string, string>} fields @param {(name: string) => void} [onRead] */
const headers = (fields, onRead) => ({
  get(/** @type {string} */ name) {
    onRead?.(name);
    return fields[name] ?? null;
  },
  *[Symbol.iterator]() {
    yield* Object.entries(fields);
  },
});
/** @param {ReturnType<typeof headers>} its @param {string} [path] @returns {any} */
const request = (its, path = '/x') => ({ method: 'GET', url: site + path, headers: its });
/** @param {{ auth: unknown }} decision */
const userOf = (decision) => /** @type {any} */ (decision.auth).userId;

test('new tokens that wait for their signatures together stay with their requests', async () => {
  const users = Array.from({ length: 50 }, (_, index) => `user_${index}`);
  const decisions = await Promise.all(users.map((sub) => gate.decide(request(headers({ authorization: `Bearer ${token(sub)}` })))));
  assert.deepEqual(decisions.map(userOf), users);
});

test('a forged token among good ones of the same length is refused, and none of them is', async () => {
  const claims = (/** @type {number} */ index) => ({ iss: `https://${api}`, azp: site, sid: 'sess_1', sub: `user_${10 + index}`, ...times(Date.now()).fresh });
  const tokens = Array.from({ length: 50 }, (_, index) => jws(claims(index)));
  // Every other one has the signature of the one before it.
  const sent = tokens.map((token, index) => (index % 2 === 0 ? token : token.replace(/[^.]+$/, tokens[index - 1].split('.')[2])));
  const decisions = await Promise.all(sent.map((token) => gate.decide(request(headers({ authorization: `Bearer ${token}` })))));
  assert.deepEqual(decisions.map(({ action }) => action), tokens.map((_, index) => (index % 2 === 0 ? 'forward' : 'deny')));
  assert.deepEqual(decisions.filter((_, index) => index % 2 !== 0).map(({ reason }) => reason), Array(25).fill('token-invalid-signature'));
});

test('memory that grows while a key is imported takes nothing from who waits for it', async () => {
  const fresh = await createGate({ publishableKey, jwtKey: PEM, authorizedParties: [site] });
  const first = fresh.decide(request(headers({ authorization: `Bearer ${token('user_first')}` })));
  const before = core.instance().core.memory.buffer;
  const large = 'x'.repeat(120_000);
  await Promise.all([1, 2, 3].map((n) => gate.decide(request(headers({ cookie: `a=${large}${n}`, referer: large }), `/${large}${n}`))));
  assert.notEqual(core.instance().core.memory.buffer, before, 'the memory did not grow; the test has to write more');
  assert.equal(userOf(await first), 'user_first');
});

test('a request whose headers ask about another request gets its own answer, and the other one gets its own', async () => {
  /** @type {Promise<any>[]} */
  const others = [];
  const stranger = headers({});
  const other = headers({ authorization: `Bearer ${token('user_other')}` });
  // A session from cookies: these are not the first header that is read.
  const its = headers({ cookie: `__clerk_db_jwt=browser; __client_uat=1; __session=${token('user_outer')}` }, () => {
    if (others.length < 6) others.push(gate.decide(request(other)), gate.decide(request(stranger)));
  });
  const outer = await gate.decide(request(its));
  assert.equal(userOf(outer), 'user_outer');
  const answers = await Promise.all(others);
  assert.ok(answers.length > 1, 'the headers were read');
  answers.forEach((answer, index) => {
    if (index % 2 === 0) assert.equal(userOf(answer), 'user_other');
    else assert.notEqual(answer.action, 'forward');
  });
});

test('headers that throw fail their own decision, and nobody else is taken for their sender', async () => {
  const failing = headers({ authorization: `Bearer ${token('user_failing')}` }, (name) => {
    if (name === 'cookie' || name === 'authorization') throw new Error('no headers today');
  });
  const failed = await gate.decide(request(failing));
  assert.deepEqual([failed.action, failed.reason, failed.status], ['deny', 'internal-error', 500]);
  const after = await gate.decide(request(headers({})));
  assert.notEqual(after.action, 'forward');
  assert.equal(userOf(await gate.decide(request(headers({ authorization: `Bearer ${token('user_after')}` })))), 'user_after');
});
