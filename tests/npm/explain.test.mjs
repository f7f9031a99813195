// `explain`: every step of a decision, in the shape that the types say.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createGate, explain } from '../../npm/node.js';
import { INSTANCES } from '../oracle/authenticate/instance.mjs';
import { configOf, token } from '../support/site.mjs';

const { site } = INSTANCES.dev;
const config = { ...configOf(), rules: [{ match: '/api/x', methods: ['POST'], require: { role: 'org:admin' } }] };
const request = (/** @type {string} */ path, /** @type {string} */ text = token()) => new Request(site + path, { headers: { authorization: `Bearer ${text}` } });

test('readings, rules, requirements and checks are told, and the decision is the gate\'s', async () => {
  const asked = { method: 'GET', url: `${site}/open/..%2fadmin`, headers: request('/').headers };
  const explained = await explain(config, asked);
  assert.equal(explained.target, '/open/..%2Fadmin');
  assert.deepEqual(explained.readings[0], { path: '/open/..%2Fadmin', kind: 'canonical', from: 0, answers: [{ access: 'public', rule: 'public[1] /open/:path*' }] });
  assert.ok(explained.readings.some(({ path, answers }) => path === '/admin' && answers[0].rule === 'admin[0] /admin(.*)'));
  assert.deepEqual(explained.rules.map(({ name, consideration, decides }) => [name, consideration, decides]), [
    ['rules[0] /api/x', 'other-path', false], ['admin[0] /admin(.*)', 'matches', true], ['public[0] /', 'other-path', false], ['public[1] /open/:path*', 'matches', true],
    ...explained.rules.slice(4).map(({ name, consideration, decides }) => [name, consideration, decides]),
  ]);
  assert.deepEqual(explained.requirements, [{ rule: 'admin[0] /admin(.*)', name: 'claim', expected: 'metadata.role is one of "admin", "owner"', isMet: false }]);
  assert.equal(explained.token?.place, 'header');
  assert.ok(explained.token?.checks.every(({ outcome }) => outcome === 'passed'));
  const decision = await (await createGate(config)).decide(asked);
  assert.deepEqual([explained.decision.action, explained.decision.reason, explained.decision.rule], [decision.action, decision.reason, decision.rule]);
  assert.equal(explained.decision.auth?.isAuthenticated, true);
});

test('a token that is refused says at which check, and nothing of itself', async () => {
  const text = token({ azp: 'https://evil.example' });
  const explained = await explain(config, request('/x', text));
  const outcomes = explained.token?.checks.map(({ check, outcome }) => `${check} ${outcome}`) ?? [];
  assert.deepEqual(outcomes.slice(-4), ['audience passed', 'authorized-party failed', 'issuer not-reached', 'times not-reached']);
  assert.match(explained.token?.checks.find(({ message }) => message)?.message ?? '', /azp is `https:\/\/evil\.example`, expected one of 1/);
  const { decision: _, ...told } = explained;
  assert.ok(!JSON.stringify(told).includes(text.split('.')[2]));
});

test('a path that cannot be judged says why', async () => {
  const explained = await explain(config, request('/x%00'));
  assert.deepEqual([explained.target, explained.ambiguity, explained.decision.status], [null, 'request path has an encoded NUL at byte 2', 400]);
});

test('mistakes are those of createGate', async () => {
  await assert.rejects(explain(/** @type {any} */ ({ ...config, signinUrl: '/' }), request('/')), (/** @type {any} */ error) => error.errors[0].setting === 'signinUrl');
  await assert.rejects(explain(config, /** @type {any} */ ({})), /argument `request`/);
});
