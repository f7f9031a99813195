// The shim around the gate, with a gate that fails on purpose: a real trap in workerd, wherever it may happen.

import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { ROOT } from '../../tools/run.mjs';
import { startWorker } from '../support/workerd.mjs';

/** Two functions: `trap` is `unreachable`, `deep` calls itself. */
const WASM = Buffer.from('0061736d010000000104016000000303020000070f0204747261700000046465657000010a0a020300000b040010010b', 'hex');

/** What wasm-bindgen and the `worker` crate export, with a request's path for its behaviour. What takes time is a task, as the gate's are. */
const GATE = `
  import { owe, pay, startClock } from './tasks.mjs';
  let module, wasm, instance = 0, resetFails = false;
  globalThis.__worker_init_state = { criticalError: false, instanceId: 0 };
  export function initSync(options) { module = options.module; start(); }
  export function __wbg_reset_state() {
    if (resetFails) { resetFails = false; throw new Error('no memory'); }
    start();
  }
  function start() {
    instance += 1;
    wasm = new WebAssembly.Instance(module, {}).exports;
  }
  const tasks = [];
  export const go_on = (place) => pay(tasks[place]());
  function begin(millis, then) {
    const place = tasks.push(then) - 1;
    startClock(millis, place, 0, 0, 0);
    return owe(place, 0);
  }
  function panic() { globalThis.__worker_init_state.criticalError = true; wasm.trap(); }
  export function fetch(request, env, ctx) {
    const mine = instance, dying = wasm;
    switch (new URL(request.url).pathname) {
      case '/panic': return new Promise(() => queueMicrotask(panic));
      case '/panic-later': return begin(30, panic);
      case '/panic-waiting': return new Promise(() => queueMicrotask(() => {
        // As the next task will have it, in an instance that counts anew.
        startClock(30, tasks.length, 0, 0, 0);
        panic();
      }));
      case '/panic-now': return panic();
      case '/panic-aside': ctx.waitUntil(new Promise((resolve) => setTimeout(() => resolve(panic()), 30))); return Promise.resolve(new Response(String(mine)));
      case '/panic-no-instance': resetFails = true; return new Promise(() => queueMicrotask(panic));
      case '/trap': return new Promise(() => queueMicrotask(() => dying.trap()));
      case '/trap-later': return begin(30, () => dying.trap());
      case '/deep': return new Promise(() => queueMicrotask(() => dying.deep()));
      case '/throw': return new Promise(() => queueMicrotask(() => { throw new Error('a secret detail'); }));
      case '/throw-later': return begin(30, () => { throw new Error('a secret detail'); });
      case '/reject': return Promise.reject(new Error('a secret detail'));
      case '/slow': return begin(400, () => new Response(String(mine)));
      default: return Promise.resolve(new Response(String(mine)));
    }
  }
`;

/** @type {string} */
let dir;
/** @type {Awaited<ReturnType<typeof startWorker>>} */
let worker;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-shim-'));
  await copyFile(join(ROOT, 'src/host/worker/shim.mjs'), join(dir, 'index.js'));
  await copyFile(join(ROOT, 'src/host/worker/tasks.mjs'), join(dir, 'tasks.mjs'));
  await writeFile(join(dir, 'portcullis.js'), GATE);
  await writeFile(join(dir, 'portcullis_bg.wasm'), WASM);
});
after(() => rm(dir, { recursive: true, force: true }));
beforeEach(async () => {
  worker = await startWorker({ env: {}, dir });
});
afterEach(() => worker.stop());

for (const path of ['/panic', '/panic-later', '/panic-now', '/trap', '/trap-later', '/deep', '/throw', '/throw-later']) {
  test(`${path} is answered 500 at once, and a fresh instance goes on`, async () => {
    assert.equal(await instance(), 1);
    await assertFailedClosed(await get(path));
    const fresh = await instance();
    assert.ok(fresh > 1);
    await sleep(50);
    assert.equal(await instance(), fresh, 'the fresh instance was given up too');
    await assertFailedClosed(await get(path));
    assert.equal((await get('/')).status, 200);
  });
}

test('what the broken instance had in flight is answered 500 without waiting, what comes after is not', async () => {
  const started = performance.now();
  const inFlight = [get('/slow'), get('/slow')];
  await sleep(100);
  await assertFailedClosed(await get('/panic'));
  for (const response of await Promise.all(inFlight)) await assertFailedClosed(response);
  assert.ok(performance.now() - started < 400, 'answered before the slow requests would have been');
  assert.equal((await get('/slow')).status, 200);
});

test('what panics in a first step that waits already leaves nothing to who comes next', async () => {
  await assertFailedClosed(await get('/panic-waiting'));
  assert.equal((await get('/slow')).status, 200);
});

test('a panic in the background ends the instance, not the answer that was given', async () => {
  assert.equal((await get('/panic-aside')).status, 200);
  await sleep(100);
  assert.equal(await instance(), 2);
});

test('where no fresh instance can be made, the next request tries again', async () => {
  await assertFailedClosed(await get('/panic-no-instance'));
  assert.equal((await get('/')).status, 200);
  assert.match(worker.log(), /no fresh instance/);
});

test('an ordinary rejection is a 500 without its detail, and no reason for a fresh instance', async () => {
  await assertFailedClosed(await get('/reject'));
  assert.equal(await instance(), 1);
});

test('a storm of panics leaves a gate that answers', async () => {
  const paths = Array.from({ length: 60 }, (_, index) => (index % 3 === 0 ? '/panic' : '/slow'));
  const statuses = await Promise.all(paths.map(async (path) => (await get(path)).status));
  assert.ok(statuses.every((status) => status === 500 || status === 200));
  assert.equal((await get('/')).status, 200);
});

/** @param {string} path */
function get(path) {
  return fetch(worker.url + path);
}

/** The number of the instance that answers. */
async function instance() {
  return Number(await (await get('/')).text());
}

/** @param {Response} response */
async function assertFailedClosed(response) {
  assert.equal(response.status, 500);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.equal(response.headers.get('vary'), 'Cookie, Authorization');
  const text = await response.text();
  assert.equal(JSON.parse(text).reason, 'internal-error');
  assert.doesNotMatch(text, /secret|panic|unreachable/);
}
