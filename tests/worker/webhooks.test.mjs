// Webhooks at the Worker: what reaches the origin, and what never does. Signed by the senders' own libraries; the Worker runs in workerd.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';

import { startGate } from '../support/gate.mjs';
import { SIGNING_SECRET, WEBHOOK_PATH, delivery, secretOf, startReceiver, userCreated } from '../support/receiver.mjs';

const OLD_SECRET = secretOf('an older key of 24 bytes');
const LIMIT = 1024 * 1024;

/** @type {Awaited<ReturnType<typeof startReceiver>>} */
let origin;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
before(async () => {
  origin = await startReceiver();
  gate = await startGate({
    policy: { webhook_path: WEBHOOK_PATH, origin: origin.url },
    env: { CLERK_WEBHOOK_SIGNING_SECRET: `${OLD_SECRET} ${SIGNING_SECRET}` },
  });
});
after(() => Promise.all([gate?.stop(), origin?.stop()]));
beforeEach(() => {
  origin.clear();
  origin.respondWith(undefined);
});

/** @param {{ headers: Record<string, string>, body: any }} sent @param {string} [path] */
const post = ({ headers, body }, path = WEBHOOK_PATH) => gate.request(path, { method: 'POST', headers, body, duplex: 'half' });

/**
 * Sends a body until an answer comes; gives its status. A server that closes while bytes of ours are unread resets the connection, and a
 * reset can overtake the answer: then it is asked again.
 *
 * @param {Record<string, string>} headers
 * @returns {Promise<number | undefined>}
 */
async function postWithoutEnd(headers) {
  for (let resets = 0; ; resets += 1) {
    try {
      return await sendWithoutEnd(headers);
    } catch (error) {
      if (resets === 9 || !['ECONNRESET', 'EPIPE'].includes(/** @type {any} */ (error).code)) throw error;
    }
  }
}

/** @param {Record<string, string>} headers @returns {Promise<number | undefined>} */
const sendWithoutEnd = (headers) =>
  new Promise((resolve, reject) => {
    const sending = request(gate.url + WEBHOOK_PATH, { method: 'POST', headers });
    const more = () => void (sending.destroyed || sending.write(Buffer.alloc(64 * 1024), () => setTimeout(more)));
    sending.on('response', (response) => (sending.destroy(), resolve(response.statusCode)));
    sending.on('error', reject);
    more();
  });

/** @param {Response} response @param {number} status @param {string | RegExp} reason */
async function assertRefused(response, status, reason, name = '') {
  assert.equal(response.status, status, name);
  assert.equal(response.headers.get('content-type'), 'application/problem+json', name);
  assert.equal(response.headers.get('cache-control'), 'no-store', name);
  const found = (await response.json()).reason;
  if (typeof reason === 'string') assert.equal(found, reason, name);
  else assert.match(found, reason, name);
  assert.deepEqual(origin.received, [], name);
}

describe('what is signed', () => {
  for (const family of /** @type {const} */ (['svix', 'webhook'])) {
    test(`by ${family} reaches the origin byte for byte, and says that it was verified`, async () => {
      const sent = delivery(`  ${JSON.stringify({ ...userCreated(), name: 'Zoë 🦊 \\u00e9' }, null, 2)}\r\n`, { family });
      const response = await post(sent, `${WEBHOOK_PATH}?from=clerk`);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), 'taken');
      const [received] = origin.received;
      assert.equal(received.url, `${WEBHOOK_PATH}?from=clerk`);
      assert.deepEqual(received.body, Buffer.from(sent.body));
      assert.equal(received.headers['x-portcullis-webhook'], 'verified');
      assert.equal(received.headers['x-portcullis-auth-status'], 'signed-out');
      assert.match(String(received.headers['x-portcullis-request-id']), /^[0-9a-f]{32}$/);
      assert.equal(received.headers[`${family}-id`], sent.id);
      assert.equal(received.headers[`${family}-signature`], sent.headers[`${family}-signature`]);
    });
  }

  test('comes with what was signed of its id and time, and with no other spelling of them', async () => {
    const sent = delivery(userCreated());
    const others = { 'webhook-id': 'msg_other', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA', svix_id: 'msg_other', 'svix.timestamp': '1', Webhook_Id: 'msg_other', 'x-svix-id': 'kept' };
    assert.equal((await post({ ...sent, headers: { ...sent.headers, ...others } })).status, 200);
    const [{ headers }] = origin.received;
    const names = Object.keys(headers).filter((name) => /^(x-)?(svix|webhook)/.test(name)).sort();
    assert.deepEqual(names, ['svix-id', 'svix-signature', 'svix-timestamp', 'x-svix-id']);
    assert.equal(headers['svix-id'], sent.id);
  });

  test('is its id as the origin sees it: a blank that is none in ASCII is part of it', async () => {
    const { headers, body } = delivery(userCreated());
    for (const name of ['svix-id', 'svix-timestamp']) {
      for (const blank of ['\u00c2\u00a0', '\u00e3\u0080\u0080', '\u00e2\u0080\u00a8']) {
        await assertRefused(await post({ headers: { ...headers, [name]: headers[name] + blank }, body }), 400, 'webhook-headers-invalid', name + blank);
      }
    }
  });

  test('with any of several secrets, in any of several signatures, is good', async () => {
    const other = delivery(userCreated(), { secret: secretOf('the key of somebody else') }).headers['svix-signature'];
    for (const secret of [SIGNING_SECRET, OLD_SECRET]) {
      const sent = delivery(userCreated(), { secret });
      sent.headers['svix-signature'] = `v1a,AAAA ${other} ${sent.headers['svix-signature']}`;
      assert.equal((await post(sent)).status, 200);
    }
    assert.equal(origin.received.length, 2);
  });

  test('may have a whole megabyte', async () => {
    const event = JSON.stringify(userCreated());
    const sent = delivery(event.padEnd(LIMIT, ' '));
    assert.equal((await post(sent)).status, 200);
    assert.equal(origin.received[0].body.length, LIMIT);
  });

  test('is told what the origin answers', async () => {
    for (const status of [204, 400, 500]) {
      origin.respondWith((response) => response.writeHead(status, { 'x-from': 'origin' }).end());
      const response = await post(delivery(userCreated()));
      assert.deepEqual([response.status, response.headers.get('x-from')], [status, 'origin']);
    }
  });
});

test('an answer of the origin that is long is no reason to be sent it again', async () => {
  origin.respondWith((response) => response.end('x'.repeat(LIMIT + 1)));
  assert.equal((await post(delivery(userCreated()))).status, 200);
  origin.respondWith((response) => response.writeHead(500).end('x'.repeat(LIMIT + 1)));
  assert.equal((await post(delivery(userCreated()))).status, 500);
});

describe('what is not signed', () => {
  const now = () => Math.floor(Date.now() / 1000);

  test('never reaches the origin', async () => {
    const good = delivery(userCreated());
    const { 'svix-id': id, 'svix-timestamp': at, 'svix-signature': signature } = /** @type {Record<string, string>} */ (good.headers);
    /** @type {[string, Record<string, string>, string?][]} */
    const cases = [
      ['no fields', {}],
      ['no id', { 'svix-timestamp': at, 'svix-signature': signature }],
      ['no time', { 'svix-id': id, 'svix-signature': signature }],
      ['no signature', { 'svix-id': id, 'svix-timestamp': at }],
      ['an empty signature', { ...good.headers, 'svix-signature': '' }],
      ['no version', { ...good.headers, 'svix-signature': signature.slice(3) }],
      ['another version', { ...good.headers, 'svix-signature': signature.replace('v1,', 'v2,') }],
      ['mixed families', { 'webhook-id': id, 'svix-timestamp': at, 'svix-signature': signature }],
      ['another id', { ...good.headers, 'svix-id': `${id}x` }],
      ['another time', { ...good.headers, 'svix-timestamp': String(now() - 2) }],
      ['a dot moved', { ...good.headers, 'svix-id': `${id}.${at}`, 'svix-timestamp': at }],
      ['another body', good.headers, good.body.replace('user_1', 'user_2')],
      ['a blank more', good.headers, `${good.body} `],
      ['no body', good.headers, ''],
      ['another key', delivery(good.body, { secret: secretOf('the key of somebody else') }).headers],
      ['too old', delivery(good.body, { at: new Date(Date.now() - 302_000) }).headers],
      ['too new', delivery(good.body, { at: new Date(Date.now() + 302_000) }).headers],
      ['no event', delivery('[]').headers, '[]'],
      ['the word of the client', { ...good.headers, 'svix-signature': 'v1,AAAA', 'x-portcullis-webhook': 'verified' }],
    ];
    for (const [name, headers, body = good.body] of cases) {
      await assertRefused(await post({ headers, body }), 400, /^webhook-/, name);
    }
  });

  test('is no signature in any part of one', async () => {
    const good = delivery(userCreated());
    const whole = good.headers['svix-signature'];
    for (let length = 0; length < whole.length; length += 1) {
      const headers = { ...good.headers, 'svix-signature': whole.slice(0, length) };
      await assertRefused(await post({ headers, body: good.body }), 400, /^webhook-/, `${length} characters`);
    }
  });

  test('costs no look at its body, which may have no end', async () => {
    assert.equal(await postWithoutEnd({}), 400);
    assert.equal(await postWithoutEnd(delivery('{}').headers), 413);
    assert.deepEqual(origin.received, []);
  });

  test('is refused over a megabyte, whatever its length is said to be', async () => {
    const sent = delivery(JSON.stringify(userCreated()).padEnd(LIMIT + 1, ' '));
    await assertRefused(await post(sent), 413, 'webhook-body-too-large');
    const head = Object.entries({ ...sent.headers, host: '127.0.0.1', 'content-length': String(2 ** 40) });
    const lied = await gate.raw(`POST ${WEBHOOK_PATH} HTTP/1.1\r\n${head.map((field) => field.join(': ')).join('\r\n')}\r\n\r\n{}`);
    assert.equal(lied.status, 413);
    assert.deepEqual(origin.received, []);
  });

  test('is refused by methods too', async () => {
    const { headers, body } = delivery(userCreated());
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
      const response = await gate.request(WEBHOOK_PATH, { method, headers, body: ['GET', 'HEAD'].includes(method) ? undefined : body });
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST'], method);
      await response.arrayBuffer();
    }
    assert.deepEqual(origin.received, []);
  });
});

describe('the path', () => {
  test('is not open when it is spelled otherwise, signed or not, though the policy says public', async () => {
    const { headers, body } = delivery(userCreated());
    const head = Object.entries({ ...headers, host: '127.0.0.1', 'content-length': String(body.length), connection: 'close' });
    const fields = head.map((field) => field.join(': ')).join('\r\n');
    for (const path of [
      '/api/webhooks/clerk/', '/API/webhooks/clerk', '/api/webhooks/CLERK', '/api/webhooks//clerk', '/api//webhooks/clerk',
      '/api/webhooks/x/..%2fclerk', '/api/webhooks/clerk;a=b', '/api/webhooks/clerk%20', '/api/webhooks/clerk.json', '/api%2fwebhooks%2fclerk',
      '/x/..%2fapi/webhooks/clerk', '/api/webhooks%5cclerk', '/api/webhooks/%2563lerk', '/api/webhooks/clerk%3fx', '/api/webhooks/c%C5%82erk/..%2fclerk',
      '//h/api/webhooks/clerk', '/api/webhooks/%EF%BD%83lerk',
    ]) {
      for (const method of ['POST', 'GET']) {
        const answer = await gate.raw(`${method} ${path} HTTP/1.1\r\n${fields}\r\n\r\n${body}`);
        assert.ok([400, 404].includes(answer.status), `${method} ${path}: ${answer.status}`);
      }
    }
    assert.deepEqual(origin.received, []);
  });

  test('is the same in escapes that mean the same, and what is forwarded is what was judged', async () => {
    assert.equal((await post(delivery(userCreated()), '/api/webhooks/%63lerk')).status, 200);
    assert.equal(origin.received[0].url, WEBHOOK_PATH);
    await assertRefusedAndClear('/api/webhooks/%63lerk');
  });

  test('is that of nothing else: a query that names another path or method is refused, signed or not', async () => {
    for (const query of ['?__pathname=/admin', '?from=clerk&__pathname=/admin', '?x_astro_path=/dashboard', '?__isr_route=/admin', '?rest_route=/wp/v2/users']) {
      await assertRefused(await post(delivery(userCreated()), WEBHOOK_PATH + query), 404, 'webhook-path-misspelt', query);
    }
    for (const query of ['?_method=DELETE', '?%5Fmethod=put', '?.method=x']) {
      await assertRefused(await post(delivery(userCreated()), WEBHOOK_PATH + query), 405, 'method-refused', query);
    }
    for (const query of ['?', '?from=clerk', '?next=/admin', '?_method=', '?_method=POST', '?__pathname=/api/webhooks/clerk']) {
      assert.equal((await post(delivery(userCreated()), WEBHOOK_PATH + query)).status, 200, query);
    }
  });

  test('says nothing of its neighbours', async () => {
    assert.equal((await gate.request('/api/webhooks/stripe', { method: 'POST', body: '{}' })).status, 200);
    assert.equal((await gate.request('/api/webhooks/clerk-other', { method: 'POST', body: '{}' })).status, 200);
    assert.equal(origin.received[0].headers['x-portcullis-webhook'], undefined);
  });

  /** @param {string} path */
  async function assertRefusedAndClear(path) {
    origin.clear();
    await assertRefused(await post({ headers: {}, body: '{}' }, path), 400, 'webhook-headers-missing');
  }
});

test('nobody else can say that something was verified', async () => {
  for (const name of ['X-Portcullis-Webhook', 'x_portcullis_webhook', 'X-Portcullis_Webhook', 'x.portcullis.webhook']) {
    await gate.request('/api/webhooks/stripe', { method: 'POST', headers: { [name]: 'verified' }, body: '{}' });
  }
  for (const { headers } of origin.received) assert.equal(Object.keys(headers).some((name) => /portcullis.webhook/.test(name)), false);
  assert.equal(origin.received.length, 4);
});

test('an origin that hangs up or is silent is a 502, so that the sender tries again', async () => {
  origin.respondWith((response) => response.socket?.destroy());
  assert.equal((await post(delivery(userCreated()))).status, 502);
  origin.respondWith((response) => void response.writeHead(200, { 'content-length': '100' }).write('half', () => response.socket?.destroy()));
  assert.equal((await post(delivery(userCreated()))).status, 502);
  origin.respondWith(() => {});
  assert.equal((await post(delivery(userCreated()))).status, 502);
});

test('the log names the delivery\'s fate and no secret', async () => {
  await post(delivery(userCreated()));
  await post({ headers: {}, body: '{}' });
  const log = gate.worker.log();
  assert.match(log, /"event":"denied".*"reason":"webhook-headers-missing".*"rule":"webhook_path \/api\/webhooks\/clerk"/);
  assert.ok(!log.includes('whsec_') && !log.includes('user_1'));
});

describe('settings', () => {
  /** @param {Record<string, any>} policy @param {Record<string, string | undefined>} env @param {(gate: Awaited<ReturnType<typeof startGate>>) => Promise<void>} check */
  async function within(policy, env, check) {
    const other = await startGate({ policy: { origin: origin.url, ...policy }, env });
    try {
      await check(other);
    } finally {
      await other.stop();
    }
  }

  test('a path without a secret is none', () =>
    within({ webhook_path: WEBHOOK_PATH }, {}, async (other) => {
      assert.equal((await other.request(WEBHOOK_PATH, { method: 'POST', body: '{}' })).status, 500);
      assert.equal((await other.request('/')).status, 500);
      assert.match(other.worker.log(), /CLERK_WEBHOOK_SIGNING_SECRET.* is missing/);
      assert.deepEqual(origin.received, []);
    }));

  test('secrets and paths that are none are errors that do not show the secret', async () => {
    for (const secret of ['whsec_***', 'whsec_AAEC', Array(5).fill(SIGNING_SECRET).join(' ')]) {
      await within({ webhook_path: WEBHOOK_PATH }, { CLERK_WEBHOOK_SIGNING_SECRET: secret }, async (other) => {
        assert.equal((await other.request('/')).status, 500);
        assert.match(other.worker.log(), /CLERK_WEBHOOK_SIGNING_SECRET.*invalid value \(not shown\)/);
        assert.ok(!other.worker.log().includes(secret));
      });
    }
    await within({ webhook_path: '/api/webhooks/:path*' }, { CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET }, async (other) => {
      assert.equal((await other.request('/')).status, 500);
      assert.match(other.worker.log(), /webhook_path/);
    });
  });

  test('the older name of the secret is taken, and shadow mode opens nothing', () =>
    within({ webhook_path: WEBHOOK_PATH, enforce: false }, { CLERK_WEBHOOK_SECRET: SIGNING_SECRET }, async (other) => {
      const { headers, body } = delivery(userCreated());
      assert.equal((await other.request(WEBHOOK_PATH, { method: 'POST', headers, body })).status, 200);
      origin.clear();
      assert.equal((await other.request(WEBHOOK_PATH, { method: 'POST', body })).status, 400);
      assert.equal((await other.request(`${WEBHOOK_PATH}/`, { method: 'POST', headers, body })).status, 404);
      assert.deepEqual(origin.received, []);
    }));
});
