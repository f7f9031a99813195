// Rules with `fresh = true`: a good token of a session, user or role that is no more. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { sessionCookies, startGate } from '../support/gate.mjs';
import { tellOfPeople } from '../support/people.mjs';
import { OUTAGES } from '../support/session.mjs';

const ORG = { o: { id: 'org_1', rol: 'admin', slg: 'one' } };
const RULES = [
  { match: '/api/fresh/admin', require: { claim: 'metadata.role', equals: 'admin' }, fresh: true },
  { match: '/api/fresh/org', require: { role: 'org:admin' }, fresh: true },
  { match: ['/api/fresh/:path*', '/vault(.*)'], fresh: true },
  { match: '/api/tried', fresh: true, enforce: false },
];

/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {ReturnType<typeof tellOfPeople>} */
let people;
before(async () => {
  gate = await startGate({ policy: { rules: RULES } });
});
after(() => gate?.stop());
let user = 0;
beforeEach(() => {
  people = tellOfPeople(gate.clerk);
  // Somebody else in each test: what was said of them is kept for some seconds.
  user += 1;
  people.users[`user_${user}`] = { ...people.users.user_1, id: `user_${user}` };
  people.sessions[`sess_${user}`] = { ...people.sessions.sess_1, id: `sess_${user}`, user_id: `user_${user}` };
  people.members.org_1 = [{ ...people.members.org_1[0], public_user_data: { user_id: `user_${user}` } }];
  gate.origin.clear();
  gate.clerk.calls.splice(0);
});

const me = () => `user_${user}`;
const mySession = () => `sess_${user}`;
/** @param {Record<string, unknown>} [claims] */
const myToken = (claims) => gate.clerk.token({ sub: me(), sid: mySession(), metadata: { role: 'admin' }, ...claims });
const calls = () => gate.clerk.calls.filter((call) => !call.endsWith('/jwks'));

/** @param {string} path @param {number} status @param {string} reason @param {Record<string, unknown>} [claims] */
async function assertRefused(path, status, reason, claims) {
  const response = await gate.request(path, { token: await myToken(claims) });
  assert.equal(response.status, status, reason);
  assert.equal((await response.json()).reason, reason);
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.deepEqual(gate.origin.seen, []);
  return response;
}

describe('a good token is refused', () => {
  for (const status of ['revoked', 'removed', 'ended', 'expired', 'replaced', 'abandoned', 'pending', 'what is yet to come', undefined]) {
    test(`where its session is ${status}`, async () => {
      people.sessions[mySession()].status = status;
      await assertRefused('/api/fresh/x', 401, 'session-ended');
    });
  }

  test('where its session is not known, or somebody else\'s', async () => {
    delete people.sessions[mySession()];
    await assertRefused('/api/fresh/x', 401, 'session-ended');
    people.sessions.sess_other = { id: 'sess_other', user_id: 'user_other', status: 'active' };
    await assertRefused('/api/fresh/x', 401, 'session-ended', { sid: 'sess_other' });
  });

  test('where it names no session', () => assertRefused('/api/fresh/x', 401, 'session-ended', { sid: undefined }));

  test('where its user was deleted', async () => {
    delete people.users[me()];
    await assertRefused('/api/fresh/x', 401, 'user-deleted');
  });

  test('where its user was banned', async () => {
    people.users[me()].banned = true;
    await assertRefused('/api/fresh/x', 403, 'user-banned');
  });

  for (const metadata of [{}, { role: 'member' }, { role: ['admin'] }, null, undefined]) {
    test(`where the metadata are ${JSON.stringify(metadata)} now`, async () => {
      people.users[me()].public_metadata = metadata;
      await assertRefused('/api/fresh/admin', 403, 'user-metadata-changed');
      assert.equal((await gate.request('/api/fresh/x', { token: await myToken() })).status, 200);
    });
  }

  test('where its user has left the organization, which need not be asked for', async () => {
    people.members.org_1 = [];
    await assertRefused('/api/fresh/org', 403, 'membership-ended', ORG);
    await assertRefused('/api/fresh/x', 403, 'membership-ended', ORG);
  });

  test('where the organization is no more', async () => {
    delete people.members.org_1;
    await assertRefused('/api/fresh/org', 403, 'membership-ended', ORG);
  });

  test('where the role in the organization is another', async () => {
    people.members.org_1[0].role = 'org:member';
    await assertRefused('/api/fresh/org', 403, 'organization-role-changed', ORG);
  });

  test('where its ids are paths: nothing else is asked for', async () => {
    await assertRefused('/api/fresh/x', 503, 'freshness-unknown', { sid: `${mySession()}/../../users/${me()}` });
    await assertRefused('/api/fresh/x', 503, 'freshness-unknown', { sub: 'user_1?x=' });
    assert.deepEqual(calls().filter((call) => call.includes('..') || call.includes('?')), []);
  });
});

describe('a page', () => {
  test('of somebody whose session ended leads to sign-in, and nobody is told who they were', async () => {
    people.sessions[mySession()].status = 'revoked';
    const response = await gate.request('/vault/1', { document: true, cookies: sessionCookies(await myToken()) });
    assert.equal(response.status, 307);
    assert.match(response.headers.get('location') ?? '', /\/sign-in\?redirect_url=.*vault/);
    assert.deepEqual(gate.origin.seen, []);
  });

  test('of somebody who was banned leads to where nothing is to be seen', async () => {
    people.users[me()].banned = true;
    const response = await gate.request('/vault/1', { document: true, cookies: sessionCookies(await myToken()) });
    assert.deepEqual([response.status, response.headers.get('location')], [307, `${gate.url}/unauthorized`]);
  });
});

describe('nobody can tell', () => {
  const notFound = (/** @type {any} */ response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
  const nothing = (/** @type {any} */ response) => response.writeHead(200).end('null');
  for (const [name, respond] of Object.entries({ ...OUTAGES, 'is no Clerk': notFound, 'says nothing': nothing, 'never answers': () => {} })) {
    test(`while the Backend API ${name}: 503, and nothing is forwarded`, async () => {
      for (const path of name === 'never answers' ? ['/v1/users'] : ['/v1/sessions', '/v1/users', '/v1/organizations']) {
        people.instead = { [path]: respond };
        const sid = `${mySession()}-${path.slice(4)}`;
        people.sessions[sid] = { ...people.sessions[mySession()], id: sid };
        const response = await assertRefused('/api/fresh/org', 503, 'freshness-unknown', { ...ORG, sid });
        assert.equal(response.headers.get('retry-after'), '5');
      }
    });
  }

  test('and the outage is not asked about by every request', async () => {
    people.instead = { '/v1/sessions': OUTAGES['says 500'] };
    for (let n = 0; n < 5; n += 1) await assertRefused('/api/fresh/x', 503, 'freshness-unknown');
    assert.equal(calls().length, 1);
  });
});

describe('what is as the token says', () => {
  test('goes on, with the headers of its user', async () => {
    for (const path of ['/api/fresh/x', '/api/fresh/admin', '/api/fresh/org']) {
      assert.equal((await gate.request(path, { token: await myToken(ORG) })).status, 200, path);
    }
    assert.equal(gate.origin.seen[0].headers['x-portcullis-user-id'], me());
    assert.deepEqual(calls(), [
      `GET /v1/sessions/${mySession()}`,
      `GET /v1/users/${me()}`,
      `GET /v1/organizations/org_1/memberships?user_id=${me()}&limit=10`,
    ]);
  });

  test('is the same for a locked user: anybody can lock one', async () => {
    people.users[me()].locked = true;
    assert.equal((await gate.request('/api/fresh/x', { token: await myToken() })).status, 200);
  });

  test('is asked anew for another organization and another user, though all else is known', async () => {
    assert.equal((await gate.request('/api/fresh/x', { token: await myToken() })).status, 200);
    assert.equal((await gate.request('/api/fresh/x', { token: await myToken(ORG) })).status, 200);
    gate.origin.clear();
    people.members.org_2 = [];
    await assertRefused('/api/fresh/x', 403, 'membership-ended', { o: { ...ORG.o, id: 'org_2' } });
    people.users.user_other = { ...people.users[me()], id: 'user_other' };
    await assertRefused('/api/fresh/x', 401, 'session-ended', { sub: 'user_other' });
  });

  test('is asked once by many at a time, and again after some seconds', async () => {
    const token = await myToken();
    const responses = await Promise.all(Array.from({ length: 20 }, () => gate.request('/api/fresh/x', { token })));
    for (const { status } of responses) assert.equal(status, 200);
    assert.equal(calls().length, 2);
    people.sessions[mySession()].status = 'revoked';
    await sleep(5_100);
    await assertRefusedNow(token);
  });

  /** @param {string} token */
  async function assertRefusedNow(token) {
    const response = await gate.request('/api/fresh/x', { token });
    assert.deepEqual([response.status, (await response.json()).reason], [401, 'session-ended']);
  }
});

test('nobody is asked where nothing depends on it', async () => {
  people.sessions[mySession()].status = 'revoked';
  const token = await myToken({ metadata: {} });
  assert.equal((await gate.request('/api/protected/x', { token })).status, 200);
  assert.equal((await gate.request('/api/public/x', { token })).status, 200);
  assert.equal((await gate.request('/api/fresh/admin', { token })).status, 403);
  assert.equal((await gate.request('/api/fresh/x')).status, 401);
  assert.equal((await gate.request('/api/fresh/x', { token: `${token}x` })).status, 401);
  assert.deepEqual(calls(), []);
});

test('a path that can be read as a fresh one is fresh', async () => {
  people.sessions[mySession()].status = 'revoked';
  for (const path of ['/api/fresh/x/..%2fy', '/API/FRESH/x', '/api/protected/..%2ffresh/x', '/api/fresh/x;a=b']) {
    assert.equal((await gate.request(path, { token: await myToken() })).status, 401, path);
  }
});

test('a rule in shadow asks, and holds nobody up', async () => {
  people.users[me()].banned = true;
  assert.equal((await gate.request('/api/tried', { token: await myToken() })).status, 200);
  assert.match(gate.worker.log(), /"event":"would-deny".*"reason":"user-banned"/);
});

describe('settings', () => {
  for (const [name, rule, env, message, policy] of /** @type {[string, object, any, RegExp, object?][]} */ ([
    ['a public rule', { match: '/x', access: 'public', fresh: true }, {}, /rules\[0\]\.fresh.*public rule/],
    ['tokens of machines', { match: '/x', require: { token: 'm2m_token' }, fresh: true }, {}, /rules\[0\]\.fresh.*machine/],
    ['no secret key', { match: '/x', fresh: true }, (/** @type {any} */ clerk) => ({ CLERK_SECRET_KEY: undefined, CLERK_JWT_KEY: clerk.pem }), /CLERK_SECRET_KEY.*fresh/],
    ['tokens of other issuers', { match: '/x', fresh: true }, {}, /rules\[0\]\.fresh.*another issuer/, { issuer: { issuer: 'https://id.example', audience: 'a', jwks_url: 'https://id.example/jwks', header: 'x-token' } }],
    ['another type', { match: '/x', fresh: 5 }, {}, /rules\[0\]\.fresh.*true or false/],
  ])) {
    test(`fresh does not go with ${name}`, async () => {
      const other = await startGate({ policy: { rules: [rule], ...policy }, env });
      try {
        assert.equal((await other.request('/')).status, 500);
        assert.match(other.worker.log(), message);
      } finally {
        await other.stop();
      }
    });
  }
});
