// What is in shadow: decided, told to the log, and not done. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { cookieSuffix, json } from '../support/clerk.mjs';
import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { tellOfPeople } from '../support/people.mjs';
import { OUTAGES, REFRESH, backend, directivesFor, ended, now } from '../support/session.mjs';

const ROLE = { role: 'org:auditor' };
const POLICY = {
  public: ['/', '/sign-in/:path*', '/sign-up/:path*', '/unauthorized', '/reports(.*)', '/files/:path*', '/about', '/pricing', '/api/public/:path*'],
  rules: [
    { match: ['/reports/:path*', '/dashboard/audit', '/admin/audit', '/unlisted'], require: ROLE, enforce: false },
    { match: '/files/private/:path*', require: ROLE, enforce: false },
    { match: '/files/secret/:path*', access: 'protected' },
    { match: '/api/public/machines', require: { token: 'm2m_token' }, enforce: false },
    { match: '/pricing', require: { token: ['session_token', 'm2m_token'] }, enforce: false },
    { match: '/articles/:path*', methods: ['DELETE', 'PURGE'], require: ROLE, enforce: false },
  ],
};

/** @param {string} log */
const trials = (log) => log.split('\n').filter((line) => line.includes('would-deny')).map((line) => JSON.parse(line.slice(line.indexOf('{'))));

/** The lines that come while `run` does. @param {Awaited<ReturnType<typeof startGate>>} gate @param {() => Promise<unknown>} run */
async function trialsOf(gate, run) {
  const before = trials(gate.worker.log()).length;
  await run();
  for (let wait = 0; wait < 50 && trials(gate.worker.log()).length === before; wait += 1) await sleep(20);
  return trials(gate.worker.log()).slice(before);
}

describe('a rule in shadow', () => {
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  before(async () => {
    gate = await startGate({ policy: POLICY });
  });
  after(() => gate.stop());
  beforeEach(() => gate.origin.clear());

  test('opens nothing that another rule, a list or the default protects', async () => {
    for (const path of ['/dashboard/audit', '/admin/audit', '/unlisted', '/articles/1']) {
      assert.equal((await gate.request(path)).status, 401, path);
    }
    // Whom the rule would let in is still no admin.
    const token = await gate.clerk.token({ o: { id: 'org_1', rol: 'auditor', slg: 'one' }, v: 2 });
    assert.equal((await gate.request('/admin/audit', { token })).status, 403);
    assert.deepEqual(gate.origin.seen, []);
  });

  test('opens no other reading of the path', async () => {
    for (const path of ['/files/private/..%2fsecret/x', '/reports/..%2fdashboard', '/reports/..%2f..%2fadmin', '/files/private/%2e%2e%2fsecret/x']) {
      assert.notEqual((await gate.request(path)).status, 200, path);
    }
    assert.deepEqual(gate.origin.seen, []);
  });

  test('opens no method: one that only it names is still a strange one', async () => {
    assert.equal((await gate.request('/articles/1', { method: 'PURGE' })).status, 401);
    assert.equal((await gate.request('/files/secret/1', { method: 'PURGE' })).status, 401);
  });

  test('refuses nobody, and says whom it would have refused', async () => {
    const lines = await trialsOf(gate, async () => {
      assert.equal((await gate.request('/reports/1?token=abc')).status, 200);
    });
    assert.equal(lines.length, 1);
    const { event, decision, status, reason, rule, access } = lines[0];
    assert.deepEqual({ event, decision, status: Number(status), rule, access }, { event: 'would-deny', decision: 'deny', status: 401, rule: 'rules[0] /reports/:path*', access: 'protected' });
    assert.equal(reason, 'dev-browser-missing');
    assert.doesNotMatch(JSON.stringify(lines[0]), /abc/);
    assert.equal(gate.origin.seen[0].headers['x-portcullis-auth-status'], 'signed-out');
  });

  test('sends nobody to the sign-in page', async () => {
    const lines = await trialsOf(gate, async () => {
      assert.equal((await gate.request('/reports/1', { document: true, cookies: SIGNED_OUT_COOKIES })).status, 200);
    });
    assert.equal(lines[0].decision, 'redirect');
    assert.equal(Number(lines[0].status), 307);
  });

  test('says who it is that it would have refused, and says it only of whom it knows', async () => {
    const token = await gate.clerk.token();
    const lines = await trialsOf(gate, async () => {
      assert.equal((await gate.request('/reports/1', { token, headers: { 'x-portcullis-user-id': 'user_evil' } })).status, 200);
    });
    assert.equal(lines[0].reason, 'requirement-not-met');
    assert.match(gate.origin.seen[0].headers['x-portcullis-user-id'], /^user_/);
    assert.notEqual(gate.origin.seen[0].headers['x-portcullis-user-id'], 'user_evil');

    gate.origin.clear();
    await gate.request('/reports/1', { token: `${token.slice(0, -4)}AAAA`, headers: { 'x-portcullis-user-id': 'user_evil' } });
    assert.equal(gate.origin.seen[0].headers['x-portcullis-user-id'], undefined);
    assert.equal(gate.origin.seen[0].headers['x-portcullis-auth-status'], 'signed-out');
  });

  test('is silent about whom it would have let in', async () => {
    const token = await gate.clerk.token({ o: { id: 'org_1', rol: 'auditor', slg: 'one' }, v: 2 });
    const before = trials(gate.worker.log()).length;
    assert.equal((await gate.request('/reports/1', { token })).status, 200);
    assert.equal((await gate.request('/about')).status, 200);
    await sleep(100);
    assert.equal(trials(gate.worker.log()).length, before);
  });

  test('renews no session a second time: what came from cookies is not asked for again', async () => {
    const [old, renewed] = await Promise.all([gate.clerk.token(ended()), gate.clerk.token()]);
    const sent = backend({ [REFRESH]: (response) => json(response, 200, { cookies: directivesFor(renewed) }) }, gate);
    try {
      const cookies = `${sessionCookies(old, now() - 300)}; __refresh_${cookieSuffix()}=rt_1`;
      assert.equal((await gate.request('/pricing', { document: true, cookies })).status, 200);
      assert.equal(gate.origin.seen[0].headers['x-portcullis-auth-status'], 'signed-in');
      assert.equal(sent.filter(({ call }) => call === REFRESH).length, 1);
    } finally {
      gate.clerk.respondWith(undefined);
    }
  });

  test('that takes machines only judges by that kind of token', async () => {
    const token = await gate.clerk.token();
    const lines = await trialsOf(gate, async () => {
      assert.equal((await gate.request('/api/public/machines', { token })).status, 200);
    });
    assert.equal(lines[0].rule, 'rules[3] /api/public/machines');
    assert.match(gate.origin.seen[0].headers['x-portcullis-user-id'], /^user_/, 'who asks is told as without the rule');
  });
});

describe('the gate in shadow', () => {
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  before(async () => {
    gate = await startGate({ policy: { enforce: false } });
  });
  after(() => gate.stop());
  beforeEach(() => gate.origin.clear());

  test('forwards what it would have refused, and what it would have sent elsewhere', async () => {
    const user = await gate.clerk.token();
    /** @type {[string, object, string, number, string | undefined][]} */
    const cases = [
      ['/dashboard', {}, 'deny', 401, 'signed-out'],
      ['/dashboard', { document: true, cookies: SIGNED_OUT_COOKIES }, 'redirect', 307, 'signed-out'],
      ['/api/admin/x', { token: user }, 'deny', 403, 'signed-in'],
      ['/admin', { document: true, cookies: sessionCookies(user) }, 'redirect', 307, 'signed-in'],
      // A handshake: there was a session, its token is gone.
      ['/dashboard', { document: true, cookies: '__clerk_db_jwt=dvb_test; __client_uat=1700000000' }, 'redirect', 307, 'signed-out'],
      ['/', { document: true, cookies: '__clerk_db_jwt=dvb_test; __client_uat=1700000000' }, 'redirect', 307, 'signed-out'],
    ];
    for (const [path, init, decision, status, who] of cases) {
      gate.origin.clear();
      const lines = await trialsOf(gate, async () => {
        const response = await gate.request(path, init);
        assert.equal(response.status, 200, `${path} ${JSON.stringify(init)}`);
        assert.equal(response.headers.get('location'), null);
        if (path !== '/') assert.match(response.headers.get('cache-control') ?? '', /private/);
      });
      assert.deepEqual([lines.length, lines[0].decision, Number(lines[0].status)], [1, decision, status], path);
      assert.equal(gate.origin.seen[0].headers['x-portcullis-auth-status'], who);
      assert.equal('x-portcullis-user-id' in gate.origin.seen[0].headers, who === 'signed-in');
    }
  });

  test('a handshake that is not the instance\'s own goes to the app, as nobody\'s', async () => {
    const response = await gate.request('/dashboard?__clerk_handshake=eyJhbGciOiJSUzI1NiJ9.e30.AAAA', { document: true, cookies: SIGNED_OUT_COOKIES });
    assert.equal(response.status, 200);
    assert.notEqual(gate.origin.seen[0].headers['x-portcullis-auth-status'], 'signed-in');
  });

  test('still answers what it has to answer by itself', async () => {
    assert.equal((await gate.raw('GET /a%00b HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')).status, 400);
    assert.equal((await gate.request('/.well-known/portcullis/nothing')).status, 404);
    assert.equal((await gate.raw('TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n')).status, 405);
    const cookies = sessionCookies(await gate.clerk.token());
    const forged = await gate.request('/api/protected', { method: 'POST', body: 'a', cookies, headers: { origin: 'https://evil.example' } });
    assert.equal(forged.status, 403);
    assert.deepEqual(gate.origin.seen, []);
  });

  test('says of nobody that they are signed in whose session it knows to have ended', async () => {
    const fresh = await startGate({ policy: { enforce: false, rules: [{ match: '/api/fresh', fresh: true }] } });
    try {
      const people = tellOfPeople(fresh.clerk);
      const asked = async (/** @type {string} */ sid) => {
        const response = await fresh.request('/api/fresh', { token: await fresh.clerk.token({ sub: 'user_1', sid }) });
        const { headers } = fresh.origin.seen.at(-1);
        return [response.status, headers['x-portcullis-auth-status'], headers['x-portcullis-user-id']];
      };
      assert.deepEqual(await asked('sess_1'), [200, 'signed-in', 'user_1']);
      people.sessions.sess_2 = { ...people.sessions.sess_1, status: 'revoked' };
      assert.deepEqual(await asked('sess_2'), [200, 'signed-out', undefined]);
      people.instead = { '/v1/sessions': OUTAGES['says 500'] };
      assert.deepEqual(await asked('sess_3'), [200, 'unknown', undefined]);
      // Who was banned is still who it is.
      people.instead = {};
      people.sessions.sess_4 = { ...people.sessions.sess_1 };
      people.users.user_1.banned = true;
      assert.deepEqual(await asked('sess_4'), [200, 'signed-in', 'user_1']);
    } finally {
      await fresh.stop();
    }
  });

  test('without keys nobody is signed in, and nobody is kept out', async () => {
    const dark = await startGate({ policy: { enforce: false } });
    try {
      await dark.clerk.stop();
      const response = await dark.request('/dashboard', { token: await dark.clerk.token() });
      assert.equal(response.status, 200);
      assert.equal(dark.origin.seen[0].headers['x-portcullis-auth-status'], 'unknown');
      assert.equal(dark.origin.seen[0].headers['x-portcullis-user-id'], undefined);
    } finally {
      await dark.stop().catch(() => undefined);
    }
  });
});
