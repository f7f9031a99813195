// Webhooks with a database: each delivery reaches the origin once, and none is lost. D1 as `wrangler dev` has it; the Worker runs in workerd.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, beforeEach, describe, test } from 'node:test';

import { startDatabase } from '../support/database.mjs';
import { startGate } from '../support/gate.mjs';
import { SIGNING_SECRET, WEBHOOK_PATH, delivery, startReceiver, userCreated } from '../support/receiver.mjs';

/** @type {Awaited<ReturnType<typeof startReceiver>>} */
let origin;
/** @type {Awaited<ReturnType<typeof startDatabase>>} */
let database;
/** @type {Awaited<ReturnType<typeof startGate>>} */
let gate;
/** Another isolate before the same database. @type {Awaited<ReturnType<typeof startGate>>} */
let second;
before(async () => {
  [origin, database] = await Promise.all([startReceiver(), startDatabase()]);
  const options = {
    policy: { webhook_path: WEBHOOK_PATH, origin: origin.url },
    env: { CLERK_WEBHOOK_SIGNING_SECRET: SIGNING_SECRET },
    database: database.address,
  };
  [gate, second] = await Promise.all([startGate(options), startGate(options)]);
});
after(() => Promise.all([gate?.stop(), second?.stop(), origin?.stop(), database?.stop()]));
beforeEach(async () => {
  origin.clear();
  origin.respondWith(undefined);
  await database.clear();
});

/** @param {{ headers: Record<string, string>, body: string }} sent */
const post = ({ headers, body }, by = gate) => by.request(WEBHOOK_PATH, { method: 'POST', headers, body });
/** @param {Response} response */
const reasonOf = async (response) => (await response.json()).reason;
const rows = () => database.query('SELECT id, claim, until FROM portcullis_deliveries');

describe('a delivery', () => {
  test('that was handled is acknowledged, and not delivered again, whoever asks', async () => {
    const sent = delivery(userCreated());
    assert.equal(await (await post(sent)).text(), 'taken');
    for (const by of [gate, second]) {
      const again = await post(delivery(sent.body, { id: sent.id, at: new Date(Date.now() - 30_000) }), by);
      assert.deepEqual([again.status, await again.text()], [200, '{"status":"webhook-already-handled"}']);
    }
    assert.equal(origin.received.length, 1);
    assert.deepEqual((await rows()).map(({ id, claim }) => [id, claim]), [[sent.id, null]]);
    assert.equal((await post(delivery(userCreated()))).status, 200);
    assert.equal(origin.received.length, 2);
  });

  test('that is not signed is not looked up, and takes no id', async () => {
    const sent = delivery(userCreated());
    assert.equal((await post({ headers: sent.headers, body: `${sent.body} ` })).status, 400);
    assert.deepEqual(database.batches, []);
    assert.equal((await post(sent)).status, 200);
    assert.equal(origin.received.length, 1);
  });

  test('whose id is SQL is an id', async () => {
    const sent = delivery(userCreated(), { id: "x');DELETE/**/FROM/**/portcullis_deliveries;--" });
    assert.equal((await post(sent)).status, 200);
    assert.deepEqual((await rows()).map(({ id }) => id), [sent.id]);
  });

  for (const [name, respond, status] of /** @type {[string, any, number][]} */ ([
    ['says 500', (response) => response.writeHead(500).end(), 500],
    ['says 404', (response) => response.writeHead(404).end(), 404],
    ['redirects', (response) => response.writeHead(302, { location: '/' }).end(), 302],
    ['hangs up', (response) => response.socket.destroy(), 502],
    ['hangs up in the middle of its answer', (response) => response.writeHead(200, { 'content-length': '9' }).write('half', () => response.socket.destroy()), 502],
    ['is silent', () => {}, 502],
  ])) {
    test(`whose origin ${name} gets through when it is sent again`, async () => {
      origin.respondWith(respond);
      const sent = delivery(userCreated());
      assert.equal((await post(sent)).status, status);
      assert.deepEqual(await rows(), []);
      origin.respondWith(undefined);
      assert.equal(await (await post(sent)).text(), 'taken');
      assert.equal(origin.received.length, 2);
      assert.equal(await (await post(sent)).text(), '{"status":"webhook-already-handled"}');
      assert.equal(origin.received.length, 2);
    });
  }
});

describe('of deliveries of one id at a time', () => {
  test('the origin gets one, and the others are asked to come again', async () => {
    /** @type {((value?: unknown) => void)[]} */
    const answers = [];
    origin.respondWith((response) => answers.push(() => response.end('taken')));
    const sent = delivery(userCreated());
    const first = post(sent);
    while (answers.length === 0) await sleep(5);
    const others = await Promise.all([post(sent), post(sent, second), post(sent, second)]);
    for (const other of others) {
      assert.equal(other.status, 503);
      assert.equal(other.headers.get('retry-after'), '5');
      assert.equal(await reasonOf(other), 'webhook-in-progress');
    }
    answers[0]();
    assert.equal((await first).status, 200);
    assert.equal((await post(sent, second)).status, 200);
    assert.equal(origin.received.length, 1);
  });

  test('a flood is no way around that', async () => {
    const sent = delivery(userCreated());
    const responses = await Promise.all(Array.from({ length: 40 }, (_, n) => post(sent, n % 2 ? gate : second)));
    assert.equal(origin.received.length, 1);
    for (const { status } of responses) assert.ok([200, 503].includes(status), `${status}`);
  });
});

test('a request that died while it delivered does not lose the delivery: its lease ends', async () => {
  const sent = delivery(userCreated());
  await post(delivery(userCreated()));
  await database.query('INSERT INTO portcullis_deliveries VALUES (?, ?, ?)', sent.id, 'a request that is no more', Date.now() + 20_000);
  assert.equal((await post(sent)).status, 503);
  await database.query('UPDATE portcullis_deliveries SET until = ? WHERE id = ?', Date.now() - 1, sent.id);
  origin.clear();
  assert.equal((await post(sent)).status, 200);
  assert.equal(origin.received.length, 1);
});

test('only a 2xx of the origin marks a delivery', async () => {
  for (const status of [200, 201, 202, 204, 205, 226]) {
    origin.respondWith((response) => response.writeHead(status).end());
    const sent = delivery(userCreated());
    assert.equal((await post(sent)).status, status);
    assert.equal(await (await post(sent)).text(), '{"status":"webhook-already-handled"}', `${status} did not mark it`);
  }
  for (const status of [300, 301, 303, 304, 307, 308, 400, 401, 403, 404, 409, 410, 422, 429, 499, 500, 502, 503, 504, 599]) {
    origin.respondWith((response) => response.writeHead(status, status < 400 ? { location: '/' } : {}).end());
    const sent = delivery(userCreated());
    for (let times = 1; times <= 2; times += 1) {
      origin.clear();
      assert.equal((await post(sent)).status, status);
      assert.equal(origin.received.length, 1, `${status} marked it`);
      assert.deepEqual((await rows()).filter(({ id }) => id === sent.id), [], `${status} left it claimed`);
    }
  }
});

for (const status of [500, 200]) {
  test(`who was too slow over a delivery does not settle it for who has it now: its origin says ${status}`, async () => {
    /** @type {import('node:http').ServerResponse[]} */
    const waiting = [];
    origin.respondWith((response) => waiting.push(response));
    const sent = delivery(userCreated());
    const slow = post(sent);
    while (waiting.length < 1) await sleep(5);
    await database.query('UPDATE portcullis_deliveries SET until = ?', Date.now() - 1);
    const quick = post(sent, second);
    while (waiting.length < 2) await sleep(5);
    waiting[0].writeHead(status).end();
    assert.equal((await slow).status, status);
    assert.equal(await reasonOf(await post(sent)), 'webhook-in-progress');
    waiting[1].end('taken');
    assert.equal((await quick).status, 200);
    assert.equal(await (await post(sent)).text(), '{"status":"webhook-already-handled"}');
    assert.equal(origin.received.length, 2);
  });
}

test('what was handled is remembered for a month, and then forgotten', async () => {
  const sent = delivery(userCreated());
  await post(sent);
  const [{ until }] = await rows();
  assert.ok(Math.abs(Number(until) - Date.now() - 30 * 86_400_000) < 60_000);
  await database.query('UPDATE portcullis_deliveries SET until = ?', Date.now() - 1);
  await post(delivery(userCreated()));
  assert.equal((await rows()).length, 1);
});

describe('a database', () => {
  for (const mood of /** @type {const} */ (['fails', 'is silent', 'forgets to answer'])) {
    test(`that ${mood} loses nothing: the sender is asked to come again`, async () => {
      await post(delivery(userCreated()));
      origin.clear();
      database.be(mood);
      const sent = delivery(userCreated());
      const refused = await post(sent);
      assert.equal(refused.status, 503);
      assert.equal(refused.headers.get('retry-after'), '5');
      assert.equal(await reasonOf(refused), 'webhook-store-unavailable');
      assert.deepEqual(origin.received, []);
      database.be('works');
      // What it ran without saying so ends with the lease.
      await database.query("UPDATE portcullis_deliveries SET until = 0 WHERE claim IS NOT NULL");
      assert.equal((await post(sent)).status, 200);
      assert.equal(origin.received.length, 1);
    });

    test(`that ${mood} after the origin took a delivery makes the sender send no second one`, async () => {
      await post(delivery(userCreated()));
      origin.clear();
      database.be((sql) => (sql.includes('UPDATE') ? mood : 'works'));
      const sent = delivery(userCreated());
      assert.equal((await post(sent)).status, 200);
      assert.match(gate.worker.log(), /"event":"webhook-not-noted"/);
      assert.equal(origin.received.length, 1);
      database.be('works');
      // Sent again all the same, it is in progress, until the lease ends.
      assert.ok([200, 503].includes((await post(sent)).status));
      assert.equal(origin.received.length, 1);
    });
  }

  test('that is new makes its tables by itself, by whoever comes first', async () => {
    const responses = await Promise.all(Array.from({ length: 10 }, (_, n) => post(delivery(userCreated()), n % 2 ? gate : second)));
    for (const { status } of responses) assert.equal(status, 200);
    assert.equal(origin.received.length, 10);
    assert.equal((await rows()).length, 10);
  });
});
