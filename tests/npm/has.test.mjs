// `has()` beside Clerk's, asked in ways that JSON would not carry: conditions that are inherited, computed or hidden, or no texts at all.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { createClerkClient } from '@clerk/backend';

import { authenticateRequest, createGate } from '../../npm/node.js';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const member = { org_id: 'org_1', org_role: 'org:member', org_permissions: ['org:a:b'], fva: [3, -1] };
const token = jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...member, ...times(Date.now()).fresh });
const options = { publishableKey, secretKey: `sk_test_${'4'.repeat(20)}`, jwtKey: PEM };
const request = () => new Request(site, { headers: { authorization: `Bearer ${token}` } });

const theirs = (await createClerkClient(options).authenticateRequest(request(), options)).toAuth();
const ours = (await authenticateRequest(request(), options)).toAuth();
const gates = (await (await createGate({ publishableKey, jwtKey: PEM, authorizedParties: [site] })).decide(request())).auth;

class Needs {
  permission = 'org:a:b';
  get role() {
    return 'org:admin';
  }
}
const granted = { permission: 'org:a:b' };
const level = { level: 'first_factor', afterMinutes: 10 };
const call = (/** @type {object} */ more) => Object.assign(() => {}, more);

/** Questions to which Clerk has an answer. @type {any[]} */
const QUESTIONS = [
  granted, new Needs(), Object.assign(Object.create({ role: 'org:admin' }), granted), Object.assign(Object.create({ role: 'org:member' }), granted),
  Object.create(granted), Object.defineProperty({ ...granted }, 'role', { value: 'org:admin', enumerable: false }),
  { ...granted, toJSON: () => ({}) }, { ...granted, other: 1n }, { ...granted, other: () => {} }, call(granted), call({ ...granted, role: 'org:admin' }),
  { ...granted, reverification: () => 'strict' }, { ...granted, reverification: call(level) }, { ...granted, reverification: Object.create(level) },
  { reverification: level }, { reverification: { ...level, afterMinutes: Infinity } }, { reverification: { ...level, afterMinutes: -Infinity } },
  { reverification: { ...level, afterMinutes: NaN } }, { reverification: { ...level, level: () => 'first_factor' } }, { reverification: [] }, { reverification: new Date() },
  { reverification: 'strict' }, { reverification: 'lax' }, { role: NaN }, { ...granted, role: NaN }, { ...granted, role: null }, { ...granted, role: undefined }, {},
];

for (const question of QUESTIONS) {
  test(`as Clerk answers ${inspect(question, { breakLength: Infinity })}`, () => {
    const expected = /** @type {any} */ (theirs).has(question);
    assert.equal(/** @type {any} */ (ours).has(question), expected);
    assert.equal(/** @type {any} */ (gates).has(question), expected, 'of a gate');
  });
}

test('no condition that is no text is met, whatever Clerk does with it', () => {
  const cycle = /** @type {any} */ ({});
  cycle.cycle = cycle;
  for (const odd of [() => 'org:member', Symbol('org:member'), 1n, 5, Infinity, true, {}, [], ['org:member'], cycle, { toJSON: () => undefined }, new String('org:member')]) {
    for (const auth of /** @type {any[]} */ ([ours, gates])) {
      assert.equal(auth.has({ role: odd }), false, inspect(odd));
      assert.equal(auth.has({ ...granted, role: odd }), false, inspect(odd));
    }
  }
});

test('what a member of the question throws is its own, and breaks nothing', async () => {
  const other = authenticateRequest(request(), options);
  const error = new Error('a getter');
  const asked = { get role() { throw error; } };
  assert.throws(() => /** @type {any} */ (ours).has(asked), error);
  assert.throws(() => /** @type {any} */ (gates).has(asked), error);
  assert.equal((await other).status, 'signed-in');
});
