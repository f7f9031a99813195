// Rules with `fresh` in the package: the loop asks the Backend API, and fails closed.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { createGate } from '../../npm/node.js';
import { PARTY, PUBLISHABLE_KEY, SECRET_KEY, startClerk } from '../support/clerk.mjs';
import { tellOfPeople } from '../support/people.mjs';

/** @type {Awaited<ReturnType<typeof startClerk>>} */
let clerk;
/** @type {ReturnType<typeof tellOfPeople>} */
let people;
/** @type {any} */
let gate;
before(async () => (clerk = await startClerk()));
after(() => clerk?.stop());
let count = 0;
beforeEach(async () => {
  people = tellOfPeople(clerk);
  count += 1;
  // A gate of its own for each test: what was said is kept for some seconds.
  gate = await createGate({
    publishableKey: PUBLISHABLE_KEY, secretKey: SECRET_KEY, apiUrl: clerk.url, authorizedParties: [PARTY],
    signInUrl: `/sign-in-${count}`, public: ['/', `/sign-in-${count}`], rules: [
      { match: '/api/fresh', fresh: true },
      { match: '/api/metadata', fresh: true, require: { claim: 'metadata.role', equals: 'admin' } },
      { match: '/api/organization', fresh: true, require: { role: 'org:admin' } },
      { match: '/api/teams/:team', fresh: true, where: { team: 'metadata.team' } },
    ],
  });
  clerk.calls.splice(0);
});

/** @param {string} [path] @param {any} [claims] */
const decide = async (path = '/api/fresh', claims) =>
  gate.decide(new Request(PARTY + path, { headers: { authorization: `Bearer ${await clerk.token(claims)}` } }));

test('a session that ended is refused, a good one goes on', async () => {
  const good = await decide();
  assert.deepEqual([good.action, good.reason], ['forward', 'allowed']);
  assert.deepEqual(clerk.calls.filter((call) => !call.endsWith('jwks')), ['GET /v1/sessions/sess_1', 'GET /v1/users/user_1']);
});

test('whoever is no more is refused', async () => {
  people.sessions.sess_1.status = 'revoked';
  const refused = await decide();
  assert.deepEqual([refused.status, refused.reason], [401, 'session-ended']);
  assert.equal((await decide('/api/other')).action, 'forward');
});

test('what one rule was refused for answers no other rule', async () => {
  const claims = { metadata: { role: 'admin' }, o: { id: 'org_1', rol: 'admin', slg: 'one' } };
  for (const path of ['/api/metadata', '/api/organization']) assert.equal((await decide(path, claims)).action, 'forward', path);
  // Both at once are gone, and the rule that asks for the metadata is the first to find that out.
  const user = { ...claims, sub: 'user_2', sid: 'sess_2' };
  people.sessions.sess_2 = { ...people.sessions.sess_1, id: 'sess_2', user_id: 'user_2' };
  people.users.user_2 = { ...people.users.user_1, id: 'user_2', public_metadata: {} };
  const outcomes = [];
  for (const path of ['/api/metadata', '/api/organization']) outcomes.push((await decide(path, user)).reason);
  assert.deepEqual(outcomes, ['user-metadata-changed', 'membership-ended']);
});

test('a path that is tied to metadata is its user’s as long as they say so', async () => {
  const outcome = async (/** @type {any} */ metadata, /** @type {string} */ user) => {
    people.sessions[`sess_${user}`] = { ...people.sessions.sess_1, id: `sess_${user}`, user_id: user };
    people.users[user] = { ...people.users.user_1, id: user, public_metadata: metadata };
    const { status, reason } = await decide('/api/teams/7', { metadata: { team: 7 }, sub: user, sid: `sess_${user}` });
    return [status, reason];
  };
  assert.deepEqual(await outcome({ team: 7 }, 'user_a'), [200, 'allowed']);
  const others = [{ team: 8 }, { team: null }, {}, { team: [7] }];
  for (const [index, metadata] of others.entries()) assert.deepEqual(await outcome(metadata, `user_${index + 10}`), [403, 'user-metadata-changed'], JSON.stringify(metadata));
});

test('a Backend API that fails closes the path', async () => {
  people.instead = { '/v1/users': (response) => response.writeHead(500).end() };
  const refused = await decide();
  assert.deepEqual([refused.status, refused.reason], [503, 'freshness-unknown']);
});

test('many at a time are one question', async () => {
  const decisions = await Promise.all(Array.from({ length: 20 }, () => decide()));
  for (const { action } of decisions) assert.equal(action, 'forward');
  assert.equal(clerk.calls.filter((call) => !call.endsWith('jwks')).length, 2);
});
