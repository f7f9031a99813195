// The package as a module: it holds no more after ten thousand calls than after the first hundreds, outlives a trap, and loads
// by every entry that this machine can run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { build } from 'esbuild';

import { authenticateRequest, verifyToken } from '../../npm/node.js';
import { core } from '../../npm/session-core.js';
import { ROOT } from '../../tools/run.mjs';
import { INSTANCES, JWK, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { environment } from '../support/environment.mjs';
import { startWorker } from '../support/workerd.mjs';

const { publishableKey, suffix, site, api } = INSTANCES.dev;
const realFetch = globalThis.fetch;
const dir = await mkdtemp(join(tmpdir(), 'portcullis-package-'));

afterEach(() => {
  globalThis.fetch = realFetch;
});
after(() => rm(dir, { recursive: true, force: true }));

let keys = 0;
/** Options with a secret key that was never used, so that no key set is known. */
const options = () => ({ publishableKey, secretKey: `sk_test_package${(keys += 1)}` });
const token = (changes = {}) => jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh, ...changes });
const request = (text = token()) => new Request(`${site}/x`, { headers: { authorization: `Bearer ${text}` } });
const keySet = () => new Response(JSON.stringify({ keys: [JWK] }));
/** @param {() => Response | Promise<Response>} answer */
const answerWith = (answer) => {
  globalThis.fetch = /** @type {any} */ (async () => answer());
};
const memory = () => core.instance().core.memory.buffer.byteLength;

// The first of all, so that its first run has the number 1.
test('a trap rejects what is in flight, and the next call finds a fresh instance', async () => {
  /** @type {(() => void)[]} */
  const waiting = [];
  answerWith(async () => {
    await new Promise((resolve) => waiting.push(() => resolve(undefined)));
    return keySet();
  });
  const inFlight = [authenticateRequest(request(), options()), authenticateRequest(request(), options())];
  while (waiting.length < 2) await new Promise(setImmediate);
  // Taking the first run away makes the loop resume what there is not: a panic, and so a trap. Where the numbers of earlier runs were
  // given out again in another order, this very call traps, and leaves an instance that does for the loop's next one.
  try {
    core.instance().core.give_up(1);
  } catch (error) {
    assert.ok(error instanceof WebAssembly.RuntimeError);
  }
  for (const go of waiting) go();
  const outcomes = await Promise.allSettled(inFlight);
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'rejected');
    const { name, code, cause } = /** @type {any} */ (outcome).reason;
    assert.deepEqual([name, code], ['PortcullisError', 'internal-error']);
    if (cause) assert.ok(cause instanceof WebAssembly.RuntimeError);
  }
  answerWith(keySet);
  assert.equal((await authenticateRequest(request(), options())).status, 'signed-in');
});

test('ten thousand calls leave the memory as it was', async () => {
  answerWith(keySet);
  const own = options();
  const expired = token(times(Date.now()).expired);
  // One token: each that is new is remembered, and a slow machine would get to see more of them.
  const lasting = token({ exp: Math.floor(Date.now() / 1000) + 3600 });
  const round = async (/** @type {number} */ times) => {
    for (let at = 0; at < times; at += 4) {
      const cookie = `__session_${suffix}=${expired}; __client_uat_${suffix}=1; __refresh_${suffix}=rt; __clerk_db_jwt_${suffix}=dvb`;
      const [good, handshake, odd] = await Promise.all([
        authenticateRequest(request(lasting), own),
        authenticateRequest(new Request(site, { headers: { cookie, accept: 'text/html' } }), own),
        authenticateRequest(request('no.token.x'), { ...own, signInUrl: `/${at % 64}` }),
        verifyToken(lasting, { jwtKey: PEM }),
      ]);
      assert.equal(good.status, 'signed-in');
      assert.equal(good.toAuth().has({ role: 'org:admin' }), false);
      assert.equal(handshake.status, 'handshake');
      assert.equal(odd.reason, 'token-invalid');
    }
  };
  // The memory for tokens takes a place for each that is checked, an expired one too, and grows until it has all of them.
  await round(10_000);
  const warm = memory();
  await round(10_000);
  assert.equal(memory(), warm);
});

test('a signature that could not be checked is neither good nor bad', async () => {
  const failing = { subtle: { importKey: () => Promise.reject(new Error('no such key')) } };
  const real = globalThis.crypto;
  Object.defineProperty(globalThis, 'crypto', { value: failing, configurable: true });
  try {
    answerWith(keySet);
    const state = await authenticateRequest(request(), options());
    assert.deepEqual([state.status, state.reason, state.isUnknown], ['signed-out', 'token-verification-failed', true]);
  } finally {
    Object.defineProperty(globalThis, 'crypto', { value: real, configurable: true });
  }
});

test('many requests at once make one call for the key set', async () => {
  let calls = 0;
  answerWith(async () => {
    calls += 1;
    await sleep(20);
    return keySet();
  });
  const own = options();
  const states = await Promise.all(Array.from({ length: 64 }, () => authenticateRequest(request(), own)));
  assert.ok(states.every(({ status }) => status === 'signed-in'));
  assert.equal(calls, 1);
});

test('an outage is not a sign-out, and an answer without end is an outage', async () => {
  answerWith(() => Promise.reject(new TypeError('down')));
  const state = await authenticateRequest(request(), options());
  assert.deepEqual([state.status, state.reason, state.isUnknown], ['signed-out', 'unexpected-error', true]);
  let chunks = 0;
  answerWith(() => new Response(new ReadableStream({ pull: (stream) => stream.enqueue(new Uint8Array(64 * 1024).fill((chunks += 1))) })));
  assert.equal((await authenticateRequest(request(), options())).isUnknown, true);
  assert.ok(chunks < 100, `${chunks} chunks were read`);
});

test('errors have a code and a reason', async () => {
  const failure = async (/** @type {Promise<unknown>} */ call) => {
    const error = await call.then(() => assert.fail('nothing was thrown'), (error) => error);
    return [error.code, error.reason];
  };
  assert.deepEqual(await failure(authenticateRequest(request(), {})), ['invalid-options', 'invalid-options']);
  assert.deepEqual(await failure(verifyToken('x', { jwtKey: PEM })), ['token-rejected', 'token-invalid']);
  // What is no text is read as Clerk reads it; what cannot be, named.
  for (const odd of [undefined, null, 7, {}]) assert.deepEqual(await failure(verifyToken(/** @type {any} */ (odd), { jwtKey: PEM })), ['token-rejected', 'token-invalid']);
  assert.deepEqual(await failure(verifyToken(/** @type {any} */ (Object.create(null)), { jwtKey: PEM })), ['invalid-argument', 'invalid-argument']);
  assert.deepEqual(await failure(verifyToken(token(times(Date.now()).expired), { jwtKey: PEM })), ['token-rejected', 'token-expired']);
  const auth = (await authenticateRequest(request(), { ...options(), jwtKey: PEM })).toAuth();
  assert.deepEqual(await failure(auth.getToken({ template: 'x' })), ['not-supported', 'not-supported']);
});

const PROGRAM = `
  import { verifyToken } from 'portcullis';
  export const run = async (token, jwtKey) => (await verifyToken(token, { jwtKey })).sub;
`;

/** A program that imports the package as a user would, in one file. @param {string[]} conditions @param {string} code */
async function bundle(conditions, code) {
  const outfile = join(dir, `${conditions[0] ?? 'default'}.mjs`);
  await build({
    stdin: { contents: code, resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    conditions,
    outfile,
    external: ['node:*', '*.wasm', '*.wasm?module'],
    plugins: [{ name: 'self', setup: (on) => on.onResolve({ filter: /^portcullis(\/small)?$/ }, ({ path }) => ({ path: join(ROOT, 'npm', entryOf(conditions, path)) })) }],
    logLevel: 'error',
  });
  return outfile;
}

/** The entry that a resolver takes under these conditions. @param {string[]} conditions */
function entryOf(conditions, name = 'portcullis') {
  const entries = Object.entries(createRequire(import.meta.url)('../../npm/package.json').exports[name.replace('portcullis', '.')]);
  const [, path] = /** @type {[string, string]} */ (entries.find(([name]) => name === 'default' || conditions.includes(name)));
  return path;
}

test('the entry for plain bundlers needs no file beside it', async () => {
  const code = `${PROGRAM} console.log(await run(process.argv[2], process.argv[3]));`;
  const output = execFileSync(process.execPath, [await bundle([], code), token(), PEM], { encoding: 'utf8', env: environment(), cwd: dir });
  assert.equal(output.trim(), 'user_1');
});

test('the entry for Node can be required', () => {
  const code = `require(${JSON.stringify(join(ROOT, 'npm', entryOf(['node'])))}).verifyToken(...process.argv.slice(1, 2), { jwtKey: process.argv[2] }).then(({ sub }) => console.log(sub))`;
  const output = execFileSync(process.execPath, ['--input-type=commonjs', '--no-warnings', '-e', code, token(), PEM], { encoding: 'utf8', env: environment() });
  assert.equal(output.trim(), 'user_1');
});

test('the entry for workerd takes the compiled module', async () => {
  const code = `${PROGRAM} export default { fetch: async (request, { PEM }) => new Response(await run(await request.text(), PEM)) };`;
  const outfile = await bundle(['workerd'], code);
  const modules = await mkdtemp(join(dir, 'modules-'));
  const text = (await readFile(outfile, 'utf8')).replace(/"[^"]*session_bg\.wasm"/, '"./session_bg.wasm"');
  await writeFile(join(modules, 'index.js'), text);
  await writeFile(join(modules, 'session_bg.wasm'), await readFile(join(ROOT, 'npm/dist/session_bg.wasm')));
  const worker = await startWorker({ env: { PEM }, dir: modules });
  try {
    const response = await fetch(worker.url, { method: 'POST', body: token() });
    assert.equal(await response.text(), 'user_1');
  } finally {
    await worker.stop();
  }
});

test('in workerd one module knows all of the options', async () => {
  const options = `{ publishableKey: '${publishableKey}', secretKey: 'sk_test_x', jwtKey: PEM, organizationSyncOptions: { organizationPatterns: ['/orgs/:slug'] } }`;
  const code = `import { authenticateRequest } from 'portcullis';
    export default { async fetch(request, { PEM }) {
      const { reason, headers } = await authenticateRequest(request, ${options});
      return new Response(reason + ' ' + new URL(headers.get('location')).searchParams.get('organization_id'));
    } };`;
  const outfile = await bundle(['workerd'], code);
  const modules = await mkdtemp(join(dir, 'organizations-'));
  const text = (await readFile(outfile, 'utf8')).replace(/"[^"]*session-all_bg\.wasm"/, '"./session-all_bg.wasm"');
  await writeFile(join(modules, 'index.js'), text);
  await writeFile(join(modules, 'session-all_bg.wasm'), await readFile(join(ROOT, 'npm/dist/session-all_bg.wasm')));
  const worker = await startWorker({ env: { PEM }, dir: modules });
  try {
    const headers = { cookie: `__client_uat=1; __clerk_db_jwt=browser; __session=${token()}`, 'sec-fetch-dest': 'document' };
    const response = await fetch(`${worker.url}/orgs/acme`, { headers });
    assert.equal(await response.text(), 'active-organization-mismatch acme');
  } finally {
    await worker.stop();
  }
});

test("the entry for Vercel's edge runtime takes compiled modules, for requests and for tokens", async () => {
  const options = `{ publishableKey: '${publishableKey}', secretKey: 'sk_test_x', jwtKey: PEM, acceptsToken: ['session_token', 'api_key'] }`;
  const code = `import { authenticateRequest, verifyToken } from 'portcullis';
    import * as small from 'portcullis/small';
    export default { async fetch(request, { PEM }) {
      const token = await request.clone().text();
      const { tokenType, toAuth } = await authenticateRequest(request, ${options});
      const { userId } = (await small.authenticateRequest(request, { publishableKey: '${publishableKey}', secretKey: 'sk_test_x', jwtKey: PEM })).toAuth();
      const refusal = await small.authenticateRequest(request, ${options}).catch(({ code }) => code);
      return Response.json([tokenType, toAuth().userId, (await verifyToken(token, { jwtKey: PEM })).sub, userId, refusal]);
    } };`;
  // Which runtime it is does not matter to what is imported: here, too, a module comes compiled, and none can be made of bytes.
  const outfile = await bundle(['edge-light'], code);
  const modules = await mkdtemp(join(dir, 'edge-'));
  const text = (await readFile(outfile, 'utf8')).replace(/"[^"]*\/(session(?:-all)?_bg\.wasm)\?module"/g, '"./$1"');
  await writeFile(join(modules, 'index.js'), text);
  for (const name of ['session', 'session-all']) await writeFile(join(modules, `${name}_bg.wasm`), await readFile(join(ROOT, `npm/dist/${name}_bg.wasm`)));
  const worker = await startWorker({ env: { PEM }, dir: modules });
  try {
    const response = await fetch(worker.url, { method: 'POST', body: token(), headers: { authorization: `Bearer ${token()}` } });
    assert.deepEqual(await response.json(), ['session_token', 'user_1', 'user_1', 'user_1', 'invalid-options']);
  } finally {
    await worker.stop();
  }
});

test('an app gets the module that it asks for, and no other', async () => {
  /** @param {string} names */
  const modulesFor = async (names, from = 'portcullis') => {
    const { metafile } = await build({
      stdin: { contents: `import { ${names} } from '${from}'; export default [${names}];`, resolveDir: ROOT },
      bundle: true, format: 'esm', conditions: ['workerd'], loader: { '.wasm': 'copy' }, outdir: join(dir, 'shaken'), write: false, metafile: true, logLevel: 'error',
    });
    const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports).filter(({ path }) => path.endsWith('.wasm'));
    return imported.map(({ path }) => path.split('/').at(-1)?.replace(/-[A-Z0-9]+\.wasm$/, '.wasm')).sort();
  };
  // In workerd: all modules of a Worker are there from the start.
  assert.deepEqual(await modulesFor('authenticateRequest'), ['session-all_bg.wasm']);
  assert.deepEqual(await modulesFor('verifyToken'), ['session_bg.wasm']);
  assert.deepEqual(await modulesFor('verifyWebhook'), ['webhook_bg.wasm']);
  assert.deepEqual(await modulesFor('createGate'), ['gate_bg.wasm']);
  assert.deepEqual(await modulesFor('createRouteMatcher'), ['gate_bg.wasm']);
  assert.deepEqual(await modulesFor('authenticateRequest, verifyToken'), ['session-all_bg.wasm', 'session_bg.wasm']);
  assert.deepEqual(await modulesFor('authenticateRequest, verifyToken', 'portcullis/small'), ['session_bg.wasm']);
});

test('importing compiles nothing; the first call does', () => {
  const code = `
    let compiled = 0;
    const { Module } = WebAssembly;
    WebAssembly.Module = new Proxy(Module, { construct: (target, given) => ((compiled += 1), new target(...given)) });
    const { verifyToken } = await import(${JSON.stringify(new URL('../../npm/node.js', import.meta.url).href)});
    const atImport = compiled;
    await verifyToken('no token', { jwtKey: process.argv[1] }).catch(() => {});
    console.log(atImport, compiled);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', code, '--', PEM], { encoding: 'utf8', env: environment() });
  assert.equal(output.trim(), '0 1');
});
