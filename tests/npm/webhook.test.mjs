// `verifyWebhook` beside the senders' own libraries: what they sign is good here, what they refuse is refused.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { afterEach, describe, mock, test } from 'node:test';

import { verifyWebhook as clerks } from '@clerk/backend/webhooks';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

import { verifyWebhook } from '../../npm/node.js';

const KEY = Buffer.from('a signing secret of thirty bytes').subarray(0, 24);
const signingSecret = `whsec_${KEY.toString('base64')}`;
const EVENT = { type: 'user.created', object: 'event', data: { id: 'user_1', name: 'Zoë 🦊' }, timestamp: 1, instance_id: 'ins_1', event_attributes: { http_request: { client_ip: '', user_agent: '' } } };
const BODY = JSON.stringify(EVENT);

afterEach(() => mock.restoreAll());

/** @param {string} body @param {{ id?: string, at?: number, family?: string, key?: Buffer }} [changes] */
function signed(body = BODY, { id = 'msg_1', at = Math.floor(Date.now() / 1000), family = 'svix', key = KEY } = {}) {
  const mac = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64');
  return { [`${family}-id`]: id, [`${family}-timestamp`]: String(at), [`${family}-signature`]: `v1,${mac}` };
}
/** @param {Record<string, string>} headers @param {any} [body] */
const request = (headers, body = BODY) => new Request('https://example.com/api/webhooks', { method: 'POST', headers, body, duplex: 'half' });
/** @param {Record<string, string>} headers @param {any} [body] @param {any} [options] */
const outcome = (headers, body = BODY, options = { signingSecret }) =>
  verifyWebhook(request(headers, body), options).then(() => 'good', (error) => (assert.equal(error.name, 'PortcullisError', error.stack), error.reason));

describe('what the senders sign', () => {
  test('is good here', async () => {
    const now = new Date();
    for (const [Sender, family] of /** @type {any[]} */ ([[Svix, 'svix'], [Standard, 'webhook']])) {
      const signature = new Sender(signingSecret).sign('msg_2', now, BODY);
      const headers = { [`${family}-id`]: 'msg_2', [`${family}-timestamp`]: String(Math.floor(now.getTime() / 1000)), [`${family}-signature`]: signature };
      assert.deepEqual(await verifyWebhook(request(headers), { signingSecret }), EVENT);
    }
  });

  test('gives what Clerk\'s function gives', async () => {
    assert.deepEqual(await verifyWebhook(request(signed()), { signingSecret }), await clerks(/** @type {any} */ (request(signed())), { signingSecret }));
  });

  test('and what is changed on the way is refused here as there', async () => {
    const now = Math.floor(Date.now() / 1000);
    const good = signed();
    const mac = good['svix-signature'];
    /** @type {[string, Record<string, string>, string?][]} */
    const cases = [
      ['another body', good, BODY.replace('user_1', 'user_2')],
      ['a blank more', good, `${BODY} `],
      ['no body', good, ''],
      ['another id', { ...good, 'svix-id': 'msg_3' }],
      ['another time', { ...good, 'svix-timestamp': String(now - 1) }],
      ['no id', { 'svix-timestamp': good['svix-timestamp'], 'svix-signature': mac }],
      ['no signature', { ...good, 'svix-signature': '' }],
      ['no version', { ...good, 'svix-signature': mac.slice(3) }],
      ['another version', { ...good, 'svix-signature': mac.replace('v1', 'v2') }],
      ['a cut signature', { ...good, 'svix-signature': mac.slice(0, -4) }],
      ['a letter of another case', { ...good, 'svix-signature': mac.slice(0, 10) + (mac[10] === mac[10].toLowerCase() ? mac[10].toUpperCase() : mac[10].toLowerCase()) + mac.slice(11) === mac ? `${mac}x` : `v1,${'A'.repeat(43)}=` }],
      ['another key', signed(BODY, { key: Buffer.alloc(24) })],
      ['too old', signed(BODY, { at: now - 302 })],
      ['too new', signed(BODY, { at: now + 302 })],
      ['no time', { ...good, 'svix-timestamp': 'x' }],
      ['a dot moved', { ...signed(BODY, { id: 'msg.1', at: now }), 'svix-id': 'msg', 'svix-timestamp': '1' }],
    ];
    for (const [name, headers, body = BODY] of cases) {
      const theirs = await clerks(/** @type {any} */ (request(headers, body)), { signingSecret }).then(() => 'good', () => 'refused');
      assert.equal(theirs, 'refused', name);
      assert.match(await outcome(headers, body), /^webhook-/, name);
    }
  });

  test('in any changed byte of headers or body is refused', async () => {
    const good = signed();
    for (let at = 0; at < 200; at += 1) {
      const headers = { ...good };
      let body = BODY;
      const [name, value] = Object.entries(headers)[at % 3];
      const place = (at * 7) % value.length;
      if (at % 4 === 3) body = BODY.slice(0, at % BODY.length) + '~' + BODY.slice((at % BODY.length) + 1);
      else headers[name] = value.slice(0, place) + (value[place] === 'Q' ? 'R' : 'Q') + value.slice(place + 1);
      assert.match(await outcome(headers, body), /^webhook-/, `${at}`);
    }
  });
});

test('reasons tell what is wrong, statuses what to answer', async () => {
  const now = Math.floor(Date.now() / 1000);
  const good = signed();
  for (const [headers, body, reason, status] of /** @type {[any, any, string, number][]} */ ([
    [{}, BODY, 'webhook-headers-missing', 400],
    [{ ...good, 'svix-timestamp': '1e9' }, BODY, 'webhook-headers-invalid', 400],
    [signed(BODY, { at: now - 400 }), BODY, 'webhook-timestamp-too-old', 400],
    [signed(BODY, { at: now + 400 }), BODY, 'webhook-timestamp-too-new', 400],
    [good, `${BODY} `, 'webhook-signature-invalid', 400],
    [signed('[]'), '[]', 'webhook-body-invalid', 400],
    [signed('{"type":"x"'), '{"type":"x"', 'webhook-body-invalid', 400],
    [signed('x'.repeat(1024 * 1024 + 1)), 'x'.repeat(1024 * 1024 + 1), 'webhook-body-too-large', 413],
  ])) {
    const error = await verifyWebhook(request(headers, body), { signingSecret }).then(() => assert.fail(reason), (error) => error);
    assert.deepEqual([error.name, error.code, error.reason, error.statusCode], ['PortcullisError', 'webhook-rejected', reason, status]);
  }
});

test('a signature of any of several, with any of several secrets, is good', async () => {
  const old = Buffer.alloc(32, 7);
  const both = `v1a,xx ${signed(BODY, { key: Buffer.alloc(9) })['svix-signature']} ${signed()['svix-signature']}`;
  assert.equal(await outcome({ ...signed(), 'svix-signature': both }), 'good');
  const secrets = [`whsec_${old.toString('base64')}`, signingSecret];
  assert.equal(await outcome(signed(), BODY, { signingSecret: secrets }), 'good');
  assert.equal(await outcome(signed(BODY, { key: old }), BODY, { signingSecret: secrets }), 'good');
  assert.equal(await outcome(signed(BODY, { key: Buffer.alloc(32, 8) }), BODY, { signingSecret: secrets }), 'webhook-signature-invalid');
});

test('a body without end is read up to the limit only', async () => {
  let sent = 0;
  const body = new ReadableStream({ pull: (stream) => (sent += 1, stream.enqueue(new Uint8Array(64 * 1024))) });
  assert.equal(await outcome(signed(), body), 'webhook-body-too-large');
  assert.ok(sent < 40, `${sent} chunks`);
});

test('headers that are wrong cost no look at the body', async () => {
  const body = new ReadableStream({ pull: () => assert.fail('the body was read') }, { highWaterMark: 0 });
  assert.equal(await outcome({}, body), 'webhook-headers-missing');
});

test('the secret can be in the environment, and has to be one', async () => {
  const failing = async (/** @type {any} */ options) => (await verifyWebhook(request(signed()), options).then(() => assert.fail('good'), (error) => error));
  for (const options of [{}, { signingSecret: '' }, { signingSecret: [] }, { signingSecret: 'whsec_***' }, { signingSecret: 5 }, { signingSecret: [signingSecret, null] }, { secret: signingSecret }]) {
    const error = await failing(options);
    assert.equal(error.code, 'invalid-options', JSON.stringify(options));
    assert.match(error.message, /signingSecret/);
    assert.ok(!error.message.includes(signingSecret));
  }
  process.env.CLERK_WEBHOOK_SIGNING_SECRET = signingSecret;
  try {
    assert.equal(await outcome(signed(), BODY, undefined), 'good');
    assert.equal((await verifyWebhook(request(signed()))).type, 'user.created');
    // Several while they are changed, as the Worker takes them.
    process.env.CLERK_WEBHOOK_SIGNING_SECRET = ` whsec_${btoa('another key of 24 bytes..')}, ${signingSecret}\n`;
    assert.equal((await verifyWebhook(request(signed()))).type, 'user.created');
    process.env.CLERK_WEBHOOK_SIGNING_SECRET = ' ,\n';
    assert.equal((await failing(undefined)).code, 'invalid-options');
    // A blank one is none.
    process.env.CLERK_WEBHOOK_SIGNING_SECRET = ' ';
    process.env.CLERK_WEBHOOK_SECRET = signingSecret;
    assert.equal((await verifyWebhook(request(signed()))).type, 'user.created');
  } finally {
    delete process.env.CLERK_WEBHOOK_SIGNING_SECRET;
    delete process.env.CLERK_WEBHOOK_SECRET;
  }
});

test('a request whose body was read is an error that says so', async () => {
  const used = request(signed());
  await used.text();
  await assert.rejects(verifyWebhook(used, { signingSecret }), (/** @type {any} */ error) => error.code === 'invalid-argument' && /nobody has read/.test(error.message));
  const bodiless = /** @type {any} */ ({ method: 'POST', url: 'https://example.com/', headers: used.headers });
  await assert.rejects(verifyWebhook(bodiless, { signingSecret }), (/** @type {any} */ error) => error.code === 'invalid-argument' && /the bytes of its body/.test(error.message));
  await assert.rejects(verifyWebhook(/** @type {any} */ ({}), { signingSecret }), /argument `request`/);
  // A request of Node's own, as in Express: what is to be done there is another thing than for a gate.
  const ofNode = /** @type {any} */ ({ method: 'POST', url: '/hooks', headers: { 'svix-id': 'x' } });
  await assert.rejects(verifyWebhook(ofNode, { signingSecret }), (/** @type {any} */ { message }) => message.includes('new Request(url') && !message.includes('portcullis/express'));
});
