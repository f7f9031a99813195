// The published entries in every runtime and bundler that this machine has: each makes a gate, decides, and verifies a token.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { brotliCompressSync, brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';

import { build as esbuild } from 'esbuild';
import { chromium } from 'playwright-core';
import { build as vite } from 'vite';
import webpack from 'webpack';

import { BROWSER_FLAGS, findBrowser } from '../../tools/browser.mjs';
import { ROOT } from '../../tools/run.mjs';
import { findRuntime, missing } from '../../tools/runtimes.mjs';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { environment } from '../support/environment.mjs';
import { listen } from '../support/listen.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
// Inside of the checkout, where the package is found as in a project.
mkdirSync(join(ROOT, 'tests/.tmp'), { recursive: true });
const dir = mkdtempSync(join(ROOT, 'tests/.tmp/runtimes-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const token = () => jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh });
const input = () => JSON.stringify({ token: token(), jwtKey: PEM, publishableKey, site });
const EXPECTED = ['user_1', 'forward user_1', 'deny 401', true, 'handshake active-organization-mismatch', 'invalid-options', 'user_1'];

writeFileSync(
  join(dir, 'run.js'),
  `import { authenticateRequest, createGate, createRouteMatcher, verifyToken } from 'portcullis';
import * as small from 'portcullis/small';

export async function run(input) {
  const { token, jwtKey, publishableKey, site } = JSON.parse(input);
  const gate = await createGate({ publishableKey, jwtKey, authorizedParties: [site], api: ['/api(.*)'] });
  const headers = new Headers({ authorization: 'Bearer ' + token });
  const forward = await gate.decide({ method: 'GET', url: site + '/x', headers });
  const deny = await gate.decide(new Request(site + '/api/x'));
  const { sub } = await verifyToken(token, { jwtKey });
  // What few options need is in another module, loaded now. A page may not set these headers on a request of its own.
  const cookie = '__client_uat=1; __clerk_db_jwt=browser; __session=' + token;
  const visit = new Request(site + '/orgs/acme');
  Object.defineProperty(visit, 'headers', { value: new Map([['cookie', cookie], ['sec-fetch-dest', 'document']]) });
  const options = { publishableKey, secretKey: 'sk_test_x', jwtKey, organizationSyncOptions: { organizationPatterns: ['/orgs/:slug'] } };
  const { status, reason } = await authenticateRequest(visit, options);
  const refusal = await small.authenticateRequest(visit, options).catch(({ code }) => code);
  const { userId } = (await small.authenticateRequest({ method: 'GET', url: site + '/x', headers }, { publishableKey, secretKey: 'sk_test_x', jwtKey })).toAuth();
  return [sub, forward.action + ' ' + forward.auth?.userId, deny.action + ' ' + deny.status, createRouteMatcher('/a/:b')('/a/b'), status + ' ' + reason, refusal, userId];
}
`,
);
writeFileSync(join(dir, 'main.js'), `import { run } from './run.js';\n\nconsole.log(JSON.stringify(await run(process.argv[2])));\n`);

/** @param {string} command @param {string[]} args */
const output = (command, args) => JSON.parse(execFileSync(command, [...args, input()], { encoding: 'utf8', cwd: dir, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] }));

const [bun, deno] = [await findRuntime('bun'), await findRuntime('deno')];

describe('a runtime', () => {
  test('Node', () => assert.deepEqual(output(process.execPath, ['main.js']), EXPECTED));

  test('Node, by require', () => {
    const code = `const { verifyToken } = require('portcullis'); const { token, jwtKey } = JSON.parse(process.argv[1]);
      verifyToken(token, { jwtKey }).then(({ sub }) => console.log(JSON.stringify(sub)));`;
    assert.equal(output(process.execPath, ['--input-type=commonjs', '--no-warnings', '-e', code]), 'user_1');
  });

  test('Bun', { skip: missing('bun', bun) }, () => assert.deepEqual(output(String(bun), ['main.js']), EXPECTED));

  test('Deno', { skip: missing('deno', deno) }, () =>
    assert.deepEqual(output(String(deno), ['run', '--quiet', '--node-modules-dir=manual', '--allow-read', '--allow-env', 'main.js']), EXPECTED));
});

describe('what `handle` sends on of an encoded answer is what it is said to be', () => {
  const TEXT = 'the app says '.repeat(20);
  const encoders = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync };
  const decoders = { gzip: gunzipSync, 'x-gzip': gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  const asked = [{ 'accept-encoding': 'gzip, deflate, br, zstd' }, {}, { 'accept-encoding': 'zstd' }, { 'accept-encoding': 'identity' }, { range: 'bytes=0-9' }];
  writeFileSync(
    join(dir, 'handle.js'),
    `import { createGate } from 'portcullis';

const { publishableKey, jwtKey, site, origin, codings, asked } = JSON.parse(process.argv[2]);
const gate = await createGate({ publishableKey, jwtKey, authorizedParties: [site], origin, public: ['/:path*'] });
const answers = [];
for (const coding of codings) {
  for (const headers of asked) {
    const answer = await gate.handle(new Request(site + '/' + coding, { headers }), fetch);
    const bytes = Array.from(new Uint8Array(await answer.arrayBuffer()), (byte) => String.fromCharCode(byte)).join('');
    answers.push({ coding, headers, status: answer.status, said: answer.headers.get('content-encoding'), body: btoa(bytes) });
  }
}
console.log(JSON.stringify(answers));
`,
  );

  /** @param {string} command @param {string[]} args */
  async function assertDecodable(command, args) {
    // It encodes whatever it is asked for, as who serves files that are kept so.
    const server = createServer((incoming, response) => {
      const coding = /** @type {keyof typeof encoders} */ (incoming.url?.slice(1));
      response.writeHead(200, { 'content-encoding': coding }).end(encoders[coding](TEXT));
    });
    const origin = `http://127.0.0.1:${await listen(server)}`;
    try {
      const given = JSON.stringify({ publishableKey, jwtKey: PEM, site, origin, codings: Object.keys(encoders), asked });
      const { stdout } = await promisify(execFile)(command, [...args, given], { encoding: 'utf8', cwd: dir, env: environment() });
      const answers = JSON.parse(stdout);
      assert.equal(answers.length, Object.keys(encoders).length * asked.length);
      for (const { coding, headers, status, said, body } of answers) {
        const bytes = Buffer.from(body, 'base64');
        const shown = `${coding} for ${JSON.stringify(headers)}`;
        assert.equal(status, 200, shown);
        assert.ok(said === null || said === coding, shown);
        assert.equal(String(said === null ? bytes : decoders[/** @type {keyof typeof decoders} */ (said)](bytes)), TEXT, shown);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test('Node', () => assertDecodable(process.execPath, ['handle.js']));

  test('Bun', { skip: missing('bun', bun) }, () => assertDecodable(String(bun), ['handle.js']));

  test('Deno', { skip: missing('deno', deno) }, () =>
    assertDecodable(String(deno), ['run', '--quiet', '--node-modules-dir=manual', '--allow-read', '--allow-env', '--allow-net', 'handle.js']));
});

describe('a bundler for Node', () => {
  test('esbuild, knowing nothing of the platform', async () => {
    const outfile = join(dir, 'esbuild/main.mjs');
    await esbuild({ entryPoints: [join(dir, 'main.js')], bundle: true, format: 'esm', platform: 'neutral', outfile, logLevel: 'error' });
    assert.deepEqual(output(process.execPath, [outfile]), EXPECTED);
  });

  test('webpack', async () => {
    await runWebpack({ entry: join(dir, 'main.js'), target: 'node20', output: { path: join(dir, 'webpack'), filename: 'main.mjs', module: true, chunkFormat: 'module' } });
    assert.deepEqual(output(process.execPath, [join(dir, 'webpack/main.mjs')]), EXPECTED);
  });

  test('Vite', async () => {
    await vite({
      root: dir, configFile: false, logLevel: 'error', ssr: { noExternal: true },
      build: { ssr: join(dir, 'main.js'), outDir: join(dir, 'vite'), emptyOutDir: false, target: 'esnext' },
    });
    // The modules are files beside the entry; whoever bundles that takes them along.
    for (const module of ['session', 'gate', 'webhook', 'session-all']) cpSync(join(ROOT, `npm/dist/${module}_bg.wasm`), join(dir, `vite/dist/${module}_bg.wasm`));
    const file = readdirSync(join(dir, 'vite')).find((name) => /^main\.m?js$/.test(name)) ?? '';
    assert.deepEqual(output(process.execPath, [join(dir, 'vite', file)]), EXPECTED);
  });
});

const executablePath = await findBrowser();
describe('a browser', { skip: executablePath ? false : 'no browser is installed; run `node tools/setup.mjs --tests`' }, () => {
  /** Loads a module as a page would, and runs it. @param {string} root @param {string} module */
  async function inBrowser(root, module, head = '') {
    const types = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://x').pathname;
      if (path === '/') return void response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html>${head}`);
      const file = resolve(join(root, path));
      if (!file.startsWith(root + sep) || !existsSync(file)) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': /** @type {any} */ (types)[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file));
    });
    const port = await listen(server);
    const browser = await chromium.launch({ executablePath, headless: true, args: BROWSER_FLAGS });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      return await page.evaluate(async ([module, input]) => (await import(module)).run(input), [module, input()]);
    } finally {
      await browser.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  test('by a plain script, without any tool', async () => {
    cpSync(join(ROOT, 'npm'), join(dir, 'plain/npm'), { recursive: true });
    cpSync(join(dir, 'run.js'), join(dir, 'plain/run.js'));
    const map = '<script type="importmap">{"imports":{"portcullis":"/npm/browser.js","portcullis/small":"/npm/browser-small.js"}}</script>';
    assert.deepEqual(await inBrowser(join(dir, 'plain'), '/run.js', map), EXPECTED);
  });

  test('by Vite', async () => {
    await vite({ root: dir, configFile: false, logLevel: 'error', build: { lib: { entry: join(dir, 'run.js'), formats: ['es'], fileName: 'run' }, outDir: join(dir, 'vite-browser'), target: 'esnext' } });
    assert.deepEqual(await inBrowser(join(dir, 'vite-browser'), '/run.js'), EXPECTED);
  });

  test('by webpack', async () => {
    await runWebpack({ entry: join(dir, 'run.js'), target: 'web', output: { path: join(dir, 'webpack-browser'), filename: 'run.js', module: true, library: { type: 'module' }, publicPath: '/' } });
    assert.deepEqual(await inBrowser(join(dir, 'webpack-browser'), '/run.js'), EXPECTED);
  });
});

/** @param {any} settings */
function runWebpack(settings) {
  return new Promise((done, fail) => {
    webpack({ mode: 'production', context: dir, experiments: { outputModule: true, topLevelAwait: true }, devtool: false, ...settings }, (error, stats) => {
      if (error) return fail(error);
      if (stats?.hasErrors()) return fail(new Error(stats.toString('errors-only')));
      done(undefined);
    });
  });
}
