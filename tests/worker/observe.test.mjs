// What an operator sees: log lines, readiness, data points. Through the built Worker in workerd.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { SIGNED_OUT_COOKIES, sessionCookies, startGate } from '../support/gate.mjs';
import { SIGNING_SECRET, WEBHOOK_PATH, delivery } from '../support/receiver.mjs';
import { LIVE_PUBLISHABLE_KEY, SIGNED_OUT_DIRECTIVES } from '../support/session.mjs';

/** @typedef {Awaited<ReturnType<typeof startGate>>} Gate */

/** @param {Gate} gate */
const lines = (gate) =>
  gate.worker
    .log()
    .split('\n')
    .filter((line) => line.includes('{"event":'))
    .map((line) => JSON.parse(line.slice(line.indexOf('{"event":'))));

/** The lines that come while `run` does, at least `count`. @param {Gate} gate @param {() => Promise<unknown>} run @param {number} [count] */
async function linesOf(gate, run, count = 1) {
  const before = lines(gate).length;
  await run();
  for (let wait = 0; wait < 50 && lines(gate).length < before + count; wait += 1) await sleep(20);
  return lines(gate).slice(before);
}

describe('a line', () => {
  /** @type {Gate} */
  let gate;
  before(async () => {
    gate = await startGate();
  });
  after(() => gate.stop());

  test('tells a refusal in full, and no query, token or cookie', async () => {
    const token = await gate.clerk.token();
    const [line, ...more] = await linesOf(gate, () =>
      gate.request('/api/admin/users?code=s3cret&__session=x', { token, cookies: 'a=c00kie', headers: { 'x-forwarded-for': '1.2.3.4' } }),
    );
    assert.deepEqual(more, []);
    const { duration_ms, request_id, user, ...rest } = line;
    assert.deepEqual(rest, {
      event: 'denied',
      decision: 'deny',
      reason: 'requirement-not-met',
      rule: 'admin[1] /api/admin(.*)',
      access: 'admin',
      method: 'GET',
      path: '/api/admin/users',
      status: 403,
    });
    assert.equal(typeof duration_ms, 'number');
    assert.match(request_id, /^[0-9a-f]{32}$/);
    assert.match(user, /^[0-9a-f]{32}$/);
    const printed = gate.worker.log();
    for (const secret of ['s3cret', 'c00kie', token.split('.')[2]]) assert.ok(!printed.includes(secret), secret);
  });

  test('cannot be forged by what a client writes', async () => {
    const before = lines(gate).length;
    await gate.raw('GET /dashboard/%0a{"event":"forwarded"}"\\x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    await gate.request(`/dashboard/${'a'.repeat(3000)}`);
    await sleep(100);
    const added = lines(gate).slice(before);
    assert.ok(added.length >= 1);
    for (const line of added) {
      assert.equal(line.event, 'denied');
      assert.ok(line.path.length <= 512);
    }
  });

  test('steers no terminal that shows it', async () => {
    // Control characters past ASCII, which JSON does not escape: in a terminal U+009B begins an order, as ESC and `[` do.
    const [line] = await linesOf(gate, () => gate.raw('GET /admin/\xc2\x9b31m/\xc2\x85/%C2%9B HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'));
    assert.equal(line.path, '/admin/\u009b31m/\u0085/%C2%9B');
    assert.doesNotMatch(gate.worker.log(), /[\u007f-\u009f]/);
  });

  test('tells sign-ins and handshakes apart', async () => {
    const [signIn] = await linesOf(gate, () => gate.request('/dashboard?x=1', { document: true, cookies: SIGNED_OUT_COOKIES }));
    assert.deepEqual([signIn.event, signIn.decision, signIn.status, signIn.path], ['sign-in', 'redirect', 307, '/dashboard']);
    assert.deepEqual([signIn.rule, signIn.reason], ['protected[0] /dashboard(.*)', 'session-token-and-uat-missing']);
    assert.match(signIn.request_id, /^[0-9a-f]{32}$/);
    assert.equal(typeof signIn.duration_ms, 'number');
    const [handshake] = await linesOf(gate, () => gate.request('/dashboard', { document: true, cookies: '__clerk_db_jwt=dvb_test; __client_uat=1700000000' }));
    assert.deepEqual([handshake.event, handshake.decision], ['handshake', 'redirect']);
    assert.doesNotMatch(JSON.stringify(handshake), /dvb_test/);
  });

  test('tells a sign-out from a handshake of somebody who had no session', async () => {
    const cookies = sessionCookies(await gate.clerk.token());
    const comeBack = async (/** @type {string | undefined} */ cookies) => {
      const handshake = await gate.clerk.handshakeToken(SIGNED_OUT_DIRECTIVES);
      const [line] = await linesOf(gate, () => gate.request(`/dashboard?__clerk_handshake=${handshake}`, { document: true, cookies }));
      return [line.event, line.decision, line.status, line.path];
    };
    assert.deepEqual(await comeBack(cookies), ['sign-out', 'redirect', 307, '/dashboard']);
    assert.deepEqual(await comeBack(SIGNED_OUT_COOKIES), ['handshake', 'redirect', 307, '/dashboard']);
  });

  test('is not written for what is forwarded', async () => {
    const before = lines(gate).length;
    await gate.request('/');
    await gate.request('/dashboard', { token: await gate.clerk.token() });
    await sleep(100);
    assert.equal(lines(gate).length, before);
  });

  test('names an origin that does not answer', async () => {
    const broken = await startGate({ policy: { origin: 'http://127.0.0.1:9' } });
    try {
      const [line] = await linesOf(broken, async () => assert.equal((await broken.request('/')).status, 502));
      assert.deepEqual([line.event, line.status, line.path], ['origin-unreachable', 502, '/']);
      assert.match(line.request_id, /^[0-9a-f]{32}$/);
    } finally {
      await broken.stop();
    }
  });
});

test('a user is a hash, an id or nobody, as the settings have it', async () => {
  for (const log_user of ['hashed', 'plain', 'none']) {
    const gate = await startGate({ policy: { log_user } });
    try {
      const token = await gate.clerk.token();
      const id = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sub;
      const [line] = await linesOf(gate, () => gate.request('/api/admin/x', { token }));
      const hash = createHash('sha256').update(id).digest('hex').slice(0, 32);
      assert.equal(line.user, { hashed: hash, plain: id, none: undefined }[log_user]);
      assert.equal(gate.worker.log().includes(id), log_user === 'plain');
    } finally {
      await gate.stop();
    }
  }
});

test('`log_forwards` draws forwards by lot', async () => {
  const all = await startGate({ policy: { log_forwards: 1 } });
  const some = await startGate({ policy: { log_forwards: 0.3 } });
  try {
    const [line] = await linesOf(all, () => all.request('/?x=1'));
    assert.deepEqual([line.event, line.decision, line.status, line.path, line.reason], ['forwarded', 'forward', 200, '/', 'public']);
    for (let n = 0; n < 200; n += 1) await some.request('/');
    await sleep(200);
    const drawn = lines(some).length;
    assert.ok(drawn > 20 && drawn < 120, `${drawn} of 200`);
  } finally {
    await Promise.all([all.stop(), some.stop()]);
  }
});

test('a webhook that ends a session is a sign-out of the user whom it names, and no other webhook is', async () => {
  for (const log_user of ['hashed', 'plain', 'none']) {
    const gate = await startGate({ policy: { log_user, webhook_path: WEBHOOK_PATH }, env: { CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET } });
    const post = async (/** @type {unknown} */ event) => {
      const { headers, body } = delivery(event);
      assert.equal((await gate.request(WEBHOOK_PATH, { method: 'POST', headers, body })).status, 200);
    };
    try {
      const hash = createHash('sha256').update('user_9').digest('hex').slice(0, 32);
      for (const type of ['session.ended', 'session.removed', 'session.revoked']) {
        const [line] = await linesOf(gate, () => post({ type, data: { id: 'sess_9', user_id: 'user_9', status: 'x' } }));
        const { duration_ms, request_id, user, ...rest } = line;
        const rule = `webhook_path ${WEBHOOK_PATH}`;
        assert.deepEqual(rest, { event: 'sign-out', decision: 'forward', reason: type, rule, method: 'POST', path: WEBHOOK_PATH, status: 200 });
        assert.equal(user, { hashed: hash, plain: 'user_9', none: undefined }[log_user]);
        assert.equal(request_id, gate.origin.seen.at(-1)?.headers['x-portcullis-request-id']);
      }
      const before = lines(gate).length;
      for (const type of ['session.created', 'session.pending', 'user.deleted', 'session.ended.x']) await post({ type, data: { id: 'x', user_id: 'user_9' } });
      // One that names nobody is one all the same.
      await linesOf(gate, () => post({ type: 'session.ended', data: null }));
      const added = lines(gate).slice(before);
      assert.deepEqual(added.map(({ event, user }) => [event, user]), [['sign-out', undefined]]);
      assert.equal(gate.worker.log().includes('user_9'), log_user === 'plain');
      assert.ok(!gate.worker.log().includes('sess_9'));
    } finally {
      await gate.stop();
    }
  }
});

describe('ready', () => {
  const READY = '/.well-known/portcullis/ready';

  test('says so once the keys are there, and asks for them once', async () => {
    const gate = await startGate();
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => gate.request(READY)));
      for (const answer of answers) {
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('cache-control'), 'no-store');
        assert.deepEqual(await answer.json(), { status: 'ready', settings: 'valid', keys: 'fresh', backend_api: 'reachable' });
      }
      assert.equal(gate.clerk.calls.filter((/** @type {any} */ call) => JSON.stringify(call).includes('jwks')).length, 1);
      assert.equal((await gate.request(READY, { method: 'POST' })).status, 404);
      assert.equal((await gate.request(`${READY}/x`)).status, 404);
      assert.deepEqual(gate.origin.seen, []);
    } finally {
      await gate.stop();
    }
  });

  test('says 503 without keys, and a flood of questions makes no flood of calls', async () => {
    const gate = await startGate();
    try {
      await gate.clerk.stop();
      for (let n = 0; n < 5; n += 1) {
        const answer = await gate.request(READY);
        assert.equal(answer.status, 503);
        assert.ok(answer.headers.get('retry-after'));
        assert.deepEqual(await answer.json(), { status: 'not-ready', settings: 'valid', keys: 'none', backend_api: 'unreachable' });
      }
    } finally {
      await gate.stop().catch(() => undefined);
    }
  });

  test('needs no call where the key is in the settings', async () => {
    const gate = await startGate({ env: (clerk) => ({ CLERK_JWT_KEY: clerk.pem }) });
    try {
      assert.deepEqual(await (await gate.request(READY)).json(), { status: 'ready', settings: 'valid', keys: 'configured', backend_api: 'not-asked' });
    } finally {
      await gate.stop();
    }
  });

  test('says 503 where the settings are wrong', async () => {
    const gate = await startGate({ policy: { nonsense: 1 } });
    try {
      const answer = await gate.request(READY);
      assert.equal(answer.status, 503);
      assert.equal((await answer.json()).settings, 'invalid');
    } finally {
      await gate.stop();
    }
  });
});

test('`Server-Timing` tells a development instance only', async () => {
  const gate = await startGate();
  try {
    assert.match((await gate.request('/')).headers.get('server-timing') ?? '', /^portcullis;dur=\d+;desc="public"$/);
    assert.match((await gate.request('/dashboard')).headers.get('server-timing') ?? '', /^portcullis;dur=\d+;desc="[a-z-]+"$/);
  } finally {
    await gate.stop();
  }
});

test('`Server-Timing` tells nothing of a production instance', async () => {
  const gate = await startGate({
    env: (clerk) => ({ CLERK_PUBLISHABLE_KEY: LIVE_PUBLISHABLE_KEY, CLERK_JWT_KEY: clerk.pem, CLERK_SECRET_KEY: undefined, CLERK_API_URL: undefined }),
  });
  try {
    for (const path of ['/', '/dashboard', '/.well-known/portcullis/ready']) assert.equal((await gate.request(path)).headers.get('server-timing'), null, path);
  } finally {
    await gate.stop();
  }
});

test('a bound data set gets a point for each decision, with no user and no path', async () => {
  const gate = await startGate({ analytics: true });
  try {
    const token = await gate.clerk.token();
    await gate.request('/api/admin/users/17', { token });
    await gate.request('/dashboard', { cookies: sessionCookies(token) });
    await sleep(100);
    const points = [...gate.worker.log().matchAll(/^.*point (\{.*\})/gm)].map(([, point]) => JSON.parse(point ?? ''));
    assert.equal(points.length, 2);
    const { indexes, blobs, doubles } = points[0];
    assert.deepEqual(indexes, ['admin[1] /api/admin(.*)']);
    assert.deepEqual(blobs, ['denied', 'deny', 'requirement-not-met', '', 'admin[1] /api/admin(.*)', 'admin', 'GET']);
    assert.equal(doubles[0], 403);
    assert.equal(points[1].blobs[0], 'forwarded');
    assert.equal(points[1].doubles[0], 200);
  } finally {
    await gate.stop();
  }
});
