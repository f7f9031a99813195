// The mirror that webhooks keep: what they tell counts on the next request, in whatever order they come. D1 as `wrangler dev` has it; the
// Worker runs in workerd.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { startDatabase } from '../support/database.mjs';
import { startGate } from '../support/gate.mjs';
import { tellOfPeople } from '../support/people.mjs';
import { SIGNING_SECRET, WEBHOOK_PATH, delivery } from '../support/receiver.mjs';
import { OUTAGES } from '../support/session.mjs';

const ORG = { o: { id: 'org_1', rol: 'admin', slg: 'one' } };
const RULES = [
  { match: '/api/fresh/admin', require: { claim: 'metadata.role', equals: 'admin' }, fresh: true },
  { match: '/api/fresh/:path*', fresh: true },
];
/** @type {Awaited<ReturnType<typeof startDatabase>>} */
let database;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** @type {ReturnType<typeof tellOfPeople>} */
let people;
before(async () => {
  database = await startDatabase();
  gate = await startGate({
    policy: { webhook_path: WEBHOOK_PATH, rules: RULES },
    env: { CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET },
    database: database.address,
  });
});
after(() => Promise.all([gate?.stop(), database?.stop()]));
let count = 0;
/** The test's own moment, some time ago: tokens are made after it, unless they say otherwise. */
let began = 0;
beforeEach(async () => {
  await database.clear();
  people = tellOfPeople(gate.clerk);
  count += 1;
  began = Date.now() - 60_000;
  people.users[me()] = { ...people.users.user_1, id: me(), updated_at: began };
  people.sessions[mine()] = { ...people.sessions.sess_1, id: mine(), user_id: me(), updated_at: began };
  people.members.org_1 = [{ ...people.members.org_1[0], public_user_data: { user_id: me() }, updated_at: began }];
  gate.origin.clear();
  gate.clerk.calls.splice(0);
});

const me = () => `user_m${count}`;
const mine = () => `sess_m${count}`;
const calls = () => gate.clerk.calls.filter((call) => !call.endsWith('/jwks'));
/** @param {string} [path] @param {Record<string, unknown>} [claims] */
const ask = async (path = '/api/fresh/x', claims = {}) => {
  const iat = Math.floor(began / 1000) - 5;
  const response = await gate.request(path, { token: await gate.clerk.token({ sub: me(), sid: mine(), metadata: { role: 'admin' }, iat, ...ORG, ...claims }) });
  return response.status === 200 ? 200 : `${response.status} ${(await response.json()).reason}`;
};
/** @param {string} type @param {object} data @param {number} [at] after the test's moment, in milliseconds */
const send = async (type, data, at = 0) => {
  const event = { type, object: 'event', instance_id: 'ins_1', timestamp: began + at, data };
  const { headers, body } = delivery(event);
  const response = await gate.request(WEBHOOK_PATH, { method: 'POST', headers, body });
  assert.equal(response.status, 200, await response.text());
};
/** @param {object} [changes] @param {number} [at] */
const userData = (changes = {}, at = 0) => ({ id: me(), object: 'user', banned: false, public_metadata: { role: 'admin' }, updated_at: began + at, ...changes });
/** @param {object} [changes] @param {number} [at] */
const sessionData = (changes = {}, at = 0) => ({ id: mine(), object: 'session', user_id: me(), status: 'active', updated_at: began + at, ...changes });
/** @param {string} role @param {number} [at] */
const memberData = (role, at = 0) => ({ id: 'orgmem_1', role, organization: { id: 'org_1' }, public_user_data: { user_id: me() }, updated_at: began + at });
const everything = async () => {
  await send('user.created', userData());
  await send('session.created', sessionData());
  await send('organizationMembership.created', memberData('org:admin'));
};

describe('what a webhook tells counts on the next request', () => {
  beforeEach(everything);

  test('and while nothing changes nobody is asked', async () => {
    for (let n = 0; n < 5; n += 1) assert.equal(await ask(), 200);
    assert.deepEqual(calls(), []);
  });

  for (const kind of ['ended', 'removed', 'revoked']) {
    test(`session.${kind}`, async () => {
      assert.equal(await ask(), 200);
      await send(`session.${kind}`, sessionData({ status: kind }, 10), 10);
      assert.equal(await ask(), '401 session-ended');
    });
  }

  test('is one sign-out in the log, though it is sent twice', async () => {
    const { headers, body } = delivery({ type: 'session.revoked', timestamp: began + 10, data: sessionData({ status: 'revoked' }, 10) });
    for (let times = 0; times < 2; times += 1) assert.equal((await gate.request(WEBHOOK_PATH, { method: 'POST', headers, body })).status, 200);
    assert.equal(await ask(), '401 session-ended');
    const name = createHash('sha256').update(me()).digest('hex').slice(0, 32);
    const lines = () => gate.worker.log().split('\n').filter((line) => line.includes(`"user":"${name}"`));
    for (let wait = 0; wait < 50 && lines().length < 1; wait += 1) await sleep(20);
    await sleep(100);
    assert.deepEqual(lines().map((line) => line.replace(/^.*("event":"[^"]+").*("reason":"[^"]+").*$/, '$1 $2')), ['"event":"sign-out" "reason":"session.revoked"']);
  });

  test('user.deleted', async () => {
    await send('user.deleted', { id: me(), object: 'user', deleted: true }, 10);
    assert.equal(await ask(), '401 user-deleted');
  });

  test('user.updated with a ban, and without it again', async () => {
    await send('user.updated', userData({ banned: true }, 10), 10);
    assert.equal(await ask(), '403 user-banned');
    await send('user.updated', userData({}, 20), 20);
    assert.equal(await ask(), 200);
  });

  test('user.updated with other metadata', async () => {
    await send('user.updated', userData({ public_metadata: {} }, 10), 10);
    assert.equal(await ask('/api/fresh/admin'), '403 user-metadata-changed');
    assert.equal(await ask(), 200);
  });

  test('organizationMembership.updated and .deleted', async () => {
    await send('organizationMembership.updated', memberData('org:member', 10), 10);
    assert.equal(await ask(), '403 organization-role-changed');
    await send('organizationMembership.deleted', memberData('org:member', 10), 20);
    assert.equal(await ask(), '403 membership-ended');
    await send('organizationMembership.created', memberData('org:admin', 30), 30);
    assert.equal(await ask(), 200);
  });

  test('though what the Backend API says is kept for some seconds', async () => {
    await database.query('DELETE FROM portcullis_sessions');
    assert.equal(await ask(), 200);
    assert.equal(calls().length, 3);
    await send('session.revoked', sessionData({ status: 'revoked' }, 10), 10);
    assert.equal(await ask(), '401 session-ended');
  });

  test('though the origin fails to take it', async () => {
    const sent = delivery({ type: 'session.revoked', object: 'event', timestamp: began + 10, data: sessionData({ status: 'revoked' }, 10) });
    const { headers, body } = sent;
    const closed = await startGate({
      policy: { webhook_path: WEBHOOK_PATH, rules: RULES, origin: 'http://127.0.0.1:9' },
      env: { CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET },
      database: database.address,
    });
    try {
      assert.equal((await closed.request(WEBHOOK_PATH, { method: 'POST', headers, body })).status, 502);
    } finally {
      await closed.stop();
    }
    assert.equal(await ask(), '401 session-ended');
  });

  test('and nothing counts that is not signed', async () => {
    const { headers } = delivery('{}');
    const body = JSON.stringify({ type: 'session.revoked', timestamp: began + 10, data: sessionData({}, 10) });
    assert.equal((await gate.request(WEBHOOK_PATH, { method: 'POST', headers, body })).status, 400);
    assert.equal(await ask(), 200);
  });
});

describe('late, twice and out of order', () => {
  /** @type {[string, () => object, number][]} */
  const ofUser = [
    ['user.created', () => userData({ public_metadata: {} }), 0],
    ['user.updated', () => userData({ banned: true }, 10), 10],
    ['user.updated', () => userData({}, 20), 20],
  ];
  /** @type {[string, () => object, number][]} */
  const ofMember = [
    ['organizationMembership.created', () => memberData('org:admin'), 0],
    ['organizationMembership.deleted', () => memberData('org:admin'), 10],
    ['organizationMembership.created', () => memberData('org:member', 20), 20],
    ['organizationMembership.updated', () => memberData('org:admin', 30), 30],
  ];
  /** @template T @param {T[]} list @returns {T[][]} */
  const orders = (list) => (list.length < 2 ? [list] : list.flatMap((one, at) => orders(list.toSpliced?.(at, 1) ?? [...list.slice(0, at), ...list.slice(at + 1)]).map((rest) => [one, ...rest])));

  test('a user ends in the last state', async () => {
    for (const order of orders(ofUser)) {
      await database.clear();
      for (const [type, data, at] of [...order, ...order]) await send(type, data(), at);
      const [row] = await database.query('SELECT gone, banned, metadata, at FROM portcullis_users');
      assert.deepEqual(row, { gone: 0, banned: 0, metadata: '{"role":"admin"}', at: began + 20 }, order.map(([type]) => type).join());
    }
  });

  test('a deleted user stays deleted', async () => {
    for (const order of orders([...ofUser, /** @type {any} */ (['user.deleted', () => ({ id: me(), deleted: true }), 15])])) {
      await database.clear();
      for (const [type, data, at] of order) await send(type, data(), at);
      assert.equal((await database.query('SELECT gone FROM portcullis_users'))[0].gone, 1);
    }
  });

  test('an ended session stays ended', async () => {
    for (const first of ['session.created', 'session.ended']) {
      await database.clear();
      for (const type of [first, first === 'session.created' ? 'session.ended' : 'session.created', 'session.created']) {
        await send(type, sessionData({}, type === 'session.created' ? 0 : 10), type === 'session.created' ? 0 : 10);
      }
      assert.equal((await database.query('SELECT ended FROM portcullis_sessions'))[0].ended, 1);
    }
  });

  test('a membership ends in the last state, also where it came back', async () => {
    for (const order of orders(ofMember)) {
      await database.clear();
      for (const [type, data, at] of [...order, order[0]]) await send(type, data(), at);
      assert.equal((await database.query('SELECT role FROM portcullis_members'))[0].role, 'org:admin', order.map(([type, , at]) => `${type} ${at}`).join());
    }
  });

  test('what is about nothing here, or holds no id, changes nothing', async () => {
    await send('email.created', { id: 'ema_1' });
    await send('user.updated', { object: 'user' });
    await send('session.revoked', /** @type {any} */ (null));
    await send('organizationMembership.created', { role: 'org:admin' });
    assert.equal(await ask(), 200);
    assert.equal(calls().length, 3);
  });
});

describe('a session with a task to be done', () => {
  test('is refused once a webhook has told so, as the Backend API would, and is not forgotten to be asked about', async () => {
    await everything();
    assert.equal(await ask(), 200);
    people.sessions[mine()].status = 'pending';
    await send('session.pending', sessionData({ status: 'pending' }, 10), 10);
    assert.equal(await ask(), '401 session-ended');
  });

  test('is no ended one: it comes back when the task is done', async () => {
    await everything();
    await database.query('UPDATE portcullis_users SET seen = 0');
    people.sessions[mine()].status = 'pending';
    assert.equal(await ask(), '401 session-ended');
    // What the Backend API said of the user affirms now; of the session nothing does.
    await sleep(5_100);
    assert.equal(await ask(), '401 session-ended');
    // Clerk moves `updated_at` whenever the session is used, past the token's time.
    Object.assign(people.sessions[mine()], { status: 'active', updated_at: Date.now() });
    await sleep(5_100);
    const iat = Math.floor(Date.now() / 1000) - 10;
    for (let times = 0; times < 2; times += 1) assert.equal(await ask('/api/fresh/x', { iat }), 200);
    assert.equal((await database.query('SELECT ended FROM portcullis_sessions'))[0].ended, 0);
  });

  test('and one that has ended stays so, whatever is said of tasks', async () => {
    await everything();
    await send('session.ended', sessionData({ status: 'ended' }, 10), 10);
    await send('session.pending', sessionData({ status: 'pending' }, 5), 5);
    assert.equal(await ask(), '401 session-ended');
    assert.deepEqual(calls(), []);
  });

  test('nor is one that a token names for somebody else', async () => {
    people.sessions[mine()].user_id = 'user_other';
    assert.equal(await ask(), '401 session-ended');
    assert.deepEqual(await database.query('SELECT id FROM portcullis_sessions'), []);
  });
});

describe('where the mirror cannot tell, the Backend API is asked', () => {
  test('about whom no webhook has told, and its answer is written down', async () => {
    assert.equal(await ask(), 200);
    assert.equal(calls().length, 3);
    assert.equal((await database.query('SELECT id FROM portcullis_users'))[0].id, me());
  });

  test('where events of a family have never come: nothing would tell of an end', async () => {
    await send('user.created', userData());
    await send('organizationMembership.created', memberData('org:admin'));
    assert.equal(await ask(), 200);
    assert.equal(calls().length, 3);
    // What the Backend API said is written down, and still it has the last word once its own few seconds are over.
    assert.equal((await database.query('SELECT ended FROM portcullis_sessions'))[0].ended, 0);
    people.sessions[mine()].status = 'revoked';
    await sleep(5_100);
    assert.equal(await ask(), '401 session-ended');
  });

  test('when it was told long ago', async () => {
    await everything();
    assert.equal(await ask(), 200);
    assert.deepEqual(calls(), []);
    await database.query('UPDATE portcullis_sessions SET seen = ?', Date.now() - 5 * 60_000 - 1);
    people.sessions[mine()].status = 'revoked';
    assert.equal(await ask(), '401 session-ended');
    assert.ok(calls().length > 0);
  });

  test('when a webhook came hours late: it says nothing about now', async () => {
    await everything();
    await database.query('DELETE FROM portcullis_sessions');
    await send('session.created', sessionData({}, -7_200_000), -7_200_000);
    people.sessions[mine()].status = 'revoked';
    assert.equal(await ask(), '401 session-ended');
  });

  test('when the token is younger than what the mirror denies: the news may not have come', async () => {
    await everything();
    await send('organizationMembership.updated', memberData('org:member', 10), 10);
    const iat = Math.floor(Date.now() / 1000) - 5;
    assert.equal(await ask('/api/fresh/x', { iat }), 200);
    assert.equal(calls().length, 3);
    people.members.org_1[0].role = 'org:member';
    const other = `${mine()}-2`;
    people.sessions[other] = { ...people.sessions[mine()], id: other };
    assert.equal(await ask('/api/fresh/x', { iat, sid: other }), '403 organization-role-changed');
  });

  for (const mood of /** @type {const} */ (['fails', 'is silent'])) {
    test(`when the database ${mood}; and where that fails too, nobody gets in`, async () => {
      database.be(mood);
      assert.equal(await ask(), 200);
      people.instead = { '/v1/': OUTAGES['says 500'] };
      assert.equal(await ask('/api/fresh/x', { sid: `${mine()}-2` }), '503 freshness-unknown');
    });
  }
});

test('a webhook that the database does not take is sent again: nothing is lost', async () => {
  await everything();
  gate.origin.clear();
  database.be('fails');
  const { headers, body } = delivery({ type: 'session.revoked', timestamp: began + 10, data: sessionData({ status: 'revoked' }, 10) });
  const refused = await gate.request(WEBHOOK_PATH, { method: 'POST', headers, body });
  assert.deepEqual([refused.status, (await refused.json()).reason], [503, 'webhook-store-unavailable']);
  assert.deepEqual(gate.origin.seen, []);
  database.be('works');
  assert.equal((await gate.request(WEBHOOK_PATH, { method: 'POST', headers, body })).status, 200);
  assert.equal(await ask(), '401 session-ended');
});
