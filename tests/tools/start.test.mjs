// `npm start` around the gate: what it configures, what it refuses, and that it leaves nothing behind.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { parse } from 'smol-toml';

import { buildWorker } from '../../tools/build.mjs';
import { realInstance, writeDevConfig } from '../../tools/dev-config.mjs';
import { assertPortIsFree, choosePort, freePort } from '../../tools/ports.mjs';
import { ROOT } from '../../tools/run.mjs';
import { environment } from '../support/environment.mjs';

const INSTANCE = {
  signInUrl: 'http://localhost:8788/sign-in',
  signUpUrl: 'http://localhost:8788/sign-up',
  signOutUrl: 'http://localhost:8788/sign-out',
  vars: { CLERK_PUBLISHABLE_KEY: 'pk_test_x', CLERK_API_URL: 'http://localhost:8788' },
  secrets: { CLERK_SECRET_KEY: 'sk_test_made_up' },
};

describe('npm start', () => {
  /** @type {string} */
  let dir;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'portcullis-start-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  test('tries the policy of wrangler.toml, and changes only the addresses', async () => {
    const config = await devConfig();
    const { origin, authorized_parties, sign_in_url, sign_up_url, ...policy } = config.vars.PORTCULLIS;
    const production = /** @type {any} */ (parse(await readFile(join(ROOT, 'wrangler.toml'), 'utf8')));
    for (const key of ['origin', 'authorized_parties', 'sign_in_url', 'sign_up_url']) delete production.vars.PORTCULLIS[key];
    assert.deepEqual(policy, JSON.parse(JSON.stringify(production.vars.PORTCULLIS)));
    assert.deepEqual([origin, authorized_parties], ['http://localhost:8789', ['http://localhost:8787']]);
    assert.deepEqual([sign_in_url, sign_up_url], [INSTANCE.signInUrl, INSTANCE.signUpUrl]);
    assert.equal(config.compatibility_date, production.compatibility_date);
  });

  test('keeps the secret out of the configuration, and the configuration off every address', async () => {
    const config = await devConfig();
    assert.doesNotMatch(JSON.stringify(config), /sk_test_made_up/);
    for (const key of ['routes', 'route', 'account_id', 'env']) assert.equal(key in config, false, key);
    assert.deepEqual([config.workers_dev, config.preview_urls], [false, false]);
  });

  test('leaves no configuration behind when it ends before the gate is ready', async () => {
    const options = { dir: join(dir, 'ended'), instance: INSTANCE, gateOrigin: 'http://localhost:8787', originUrl: 'http://localhost:8789', workerDir: dir, rebuild: true };
    const script = `import { writeDevConfig } from './tools/dev-config.mjs';
      await writeDevConfig(${JSON.stringify(options)});
      process.on('SIGTERM', () => process.exit(130));
      setInterval(() => {}, 1000);
      console.log('written');`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve).once('end', resolve));
      assert.deepEqual((await readdir(options.dir)).sort(), ['secrets.vars', 'wrangler.json']);
    } finally {
      child.kill();
    }
    assert.equal(await exited, 130);
    assert.deepEqual(await readdir(options.dir), []);
  });

  test('a wrangler command other than dev refuses what it generated', () => {
    for (const command of ['deploy', 'versions upload']) {
      for (const step of [['tools/build.mjs', '--dev'], ['tools/dev-only.mjs']]) {
        const { status, stderr } = spawnSync(process.execPath, step, { cwd: ROOT, env: environment({ WRANGLER_COMMAND: command }) });
        assert.equal(status, 1);
        assert.match(String(stderr), new RegExp(`\`wrangler ${command}\` is refused`));
      }
    }
    assert.equal(spawnSync(process.execPath, ['tools/dev-only.mjs'], { cwd: ROOT, env: environment({ WRANGLER_COMMAND: 'dev' }) }).status, 0);
  });

  test('nothing of the development identity is in what deploys', async () => {
    await buildWorker();
    const files = await readdir(join(ROOT, 'dist/worker'), { recursive: true });
    for (const file of files.filter((name) => /\.(js|wasm)$/.test(name))) {
      assert.doesNotMatch(await readFile(join(ROOT, 'dist/worker', file), 'latin1'), /dev-identity|gate-key-|dev_identity/, file);
    }
    assert.doesNotMatch(await readFile(join(ROOT, 'wrangler.toml'), 'utf8'), /localhost|127\.0\.0\.1|gate-key-/);
  });

  test('keys in .dev.vars mean the real instance, and half of them is an error', async () => {
    const publishable = (/** @type {string} */ kind, /** @type {string} */ host) => `pk_${kind}_${Buffer.from(`${host}$`).toString('base64')}`;
    const read = async (/** @type {string} */ text) => {
      await writeFile(join(dir, '.dev.vars'), text);
      return realInstance(join(dir, '.dev.vars'));
    };
    assert.equal(await realInstance(join(dir, 'absent')), undefined);
    assert.equal(await read('PORTCULLIS_SIGNING_KEY=x\n'), undefined);
    const development = await read(`CLERK_PUBLISHABLE_KEY="${publishable('test', 'happy-cat-1.clerk.accounts.dev')}"\nCLERK_SECRET_KEY=sk_test_1\n`);
    assert.equal(development?.signInUrl, 'https://happy-cat-1.accounts.dev/sign-in');
    const production = await read(`CLERK_PUBLISHABLE_KEY=${publishable('live', 'clerk.example.com')}\nCLERK_SECRET_KEY=sk_live_1\n`);
    assert.equal(production?.signInUrl, 'https://accounts.example.com/sign-in');
    await assert.rejects(read('CLERK_SECRET_KEY=sk_test_1\n'), /no CLERK_PUBLISHABLE_KEY/);
    await assert.rejects(read('CLERK_PUBLISHABLE_KEY=pk_test_x\n'), /no CLERK_SECRET_KEY/);
    await assert.rejects(read('CLERK_PUBLISHABLE_KEY=pk_test_x\nCLERK_SECRET_KEY=sk_test_1\n'), /not a publishable key/);
    // As an editor on Windows writes it, and as Wrangler takes it.
    const marked = await read(`\ufeffCLERK_PUBLISHABLE_KEY=${publishable('test', 'happy-cat-1.clerk.accounts.dev')}\r\nCLERK_SECRET_KEY=sk_test_1\r\n`);
    assert.equal(marked?.signInUrl, 'https://happy-cat-1.accounts.dev/sign-in');
  });

  test('a .dev.vars that cannot be read is an error, and not as good as none', async () => {
    await mkdir(join(dir, 'a-folder'));
    await assert.rejects(realInstance(join(dir, 'a-folder')), /^Error: .*a-folder cannot be read: EISDIR.*\nhelp: /s);
  });

  test('a busy port is named, with the way to another', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const port = await freePort();
      const server = createServer();
      const listening = await new Promise((resolve) => server.once('error', () => resolve(false)).listen(port, host, () => resolve(true)));
      if (!listening) continue; // a machine without IPv6
      await assert.rejects(assertPortIsFree('identity', port), new RegExp(`port ${port}, for the development identity.*\n.*--identity-port`));
      server.close();
      await assertPortIsFree('identity', await freePort());
    }
  });

  test('the development identity and the demo start alone, wherever the checkout is', async () => {
    const checkout = join(dir, 'mein Ordner ü #1 100%');
    for (const folder of ['dev-identity', 'www', 'tools']) await cp(join(ROOT, folder), join(checkout, folder), { recursive: true });
    await cp(join(ROOT, 'package.json'), join(checkout, 'package.json'));
    await symlink(checkout, join(dir, 'link'));
    for (const [part, name] of [['dev-identity', 'development identity'], ['www', 'demo app']]) {
      for (const folder of [checkout, join(dir, 'link')]) {
        const port = await freePort();
        const child = spawn(process.execPath, [join(folder, part, 'server.mjs'), '--port', String(port)], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
        const said = await new Promise((resolve) => child.stdout.once('data', resolve).once('end', () => resolve('nothing')));
        child.kill();
        assert.match(String(said), new RegExp(`^${name} on http://localhost:${port}, `));
      }
      for (const [args, wrong] of /** @type {const} */ ([
        [['--port', 'x'], /invalid port `x`/],
        [['--prot', '1'], /--prot.*\nusage: node .*server\.mjs/s],
      ])) {
        const { status, stderr } = spawnSync(process.execPath, [join(ROOT, part, 'server.mjs'), ...args], { env: environment(), encoding: 'utf8' });
        assert.equal(status, 1);
        assert.match(stderr, wrong);
        assert.doesNotMatch(stderr, /\n\s+at /);
      }
    }
  });

  test('a port is a number from its flag, else its variable, else the default', () => {
    assert.equal(choosePort('gate', {}, {}), 8787);
    assert.equal(choosePort('gate', {}, { PORTCULLIS_PORT: '9001' }), 9001);
    assert.equal(choosePort('gate', { port: '9000' }, { PORTCULLIS_PORT: '9001' }), 9000);
    for (const port of ['0', '65536', 'x', '80.5']) assert.throws(() => choosePort('gate', { port }), /expected a number/);
  });

  test('serves the app behind the gate, and Ctrl-C ends everything', { timeout: 300_000 }, async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const args = ['tools/start.mjs', '--port', ports[0], '--identity-port', ports[1], '--origin-port', ports[2]].map(String);
    const child = spawn(process.execPath, args, { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const ready = new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => /Ready after/.test((output += chunk)) && resolve(undefined));
      // Where `npm start` runs in this checkout, its refusal is in the output.
      const help = () => (output.includes('is running in this checkout') ? '\nhelp: this test needs the checkout for itself: end that `npm start`, and run the test again' : '');
      child.on('exit', (code) => reject(new Error(`ended with ${code}:\n${output}${help()}`)));
    });
    const exited = new Promise((resolve) => child.on('exit', resolve));
    try {
      await ready;
      const page = await fetch(`http://localhost:${ports[0]}/api/public/ping`);
      assert.equal(page.status, 200);
      assert.deepEqual(await page.json(), { pong: true });
    } finally {
      // Twice, as from a terminal and from npm.
      child.kill('SIGINT');
      child.kill('SIGINT');
    }
    assert.equal(await exited, 0, output);
    for (const port of ports) await assertPortIsFree('gate', port);
    const left = await readdir(join(ROOT, '.wrangler/portcullis-dev'));
    assert.ok(!left.includes('wrangler.json') && !left.includes('secrets.vars'), left.join());
  });

  async function devConfig() {
    const options = { dir, instance: INSTANCE, gateOrigin: 'http://localhost:8787', originUrl: 'http://localhost:8789', workerDir: dir, rebuild: true };
    const written = await writeDevConfig(options);
    const config = JSON.parse(await readFile(written.config, 'utf8'));
    written.remove();
    return config;
  }
});
