// What the tools say and do on a machine that is not as they would like it. A copy of them stands in a folder of its own; npm, cargo and
// rustc are scripts that write down how they were called, and do nothing.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { freePort } from '../../tools/ports.mjs';
import { ROOT, assertNodeIsNewEnough } from '../../tools/run.mjs';
import { environment } from '../support/environment.mjs';

describe('a checkout that is set up', { skip: process.platform === 'win32' && 'the stand-ins are shell scripts' }, () => {
  /** @type {string} */
  let dir;
  /** @type {string} */
  let checkout;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'portcullis-setup-'));
    // As a path may be: nothing in it is a part of a URL or of a shell's command.
    checkout = join(dir, 'mein Ordner ü #1 100%');
    await mkdir(join(checkout, 'tests/support'), { recursive: true });
    await cp(join(ROOT, 'tools'), join(checkout, 'tools'), { recursive: true });
    await cp(join(ROOT, 'tests/docs'), join(checkout, 'tests/docs'), { recursive: true });
    for (const file of ['package.json', 'package-lock.json']) await cp(join(ROOT, file), join(checkout, file));
    await program('npm', 'mkdir -p node_modules');
    await program('cargo', ':');
    await program('rustc', `echo "${dir}/libs"`);
    await mkdir(join(dir, 'libs'));
    await writeFile(join(dir, 'libs/libstd.rlib'), '');
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  test('has what builds it, also where NODE_ENV would leave that out', async () => {
    const { status, stdout, stderr } = tool('setup.mjs', [], { NODE_ENV: 'production' });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /setup: ready/);
    assert.match(await calls(), /^npm ci --include=dev /m);
    // And it is not done again.
    tool('setup.mjs', []);
    assert.equal((await calls()).match(/^npm/gm)?.length, 1);
  });

  test('an argument that nobody knows is named before anything is installed', async () => {
    for (const [script, args, said] of /** @type {const} */ ([
      ['setup.mjs', ['--test'], /unknown argument `--test`; usage: .*--tests/],
      ['test.mjs', ['--watch'], /no test file matches `--watch`\nusage: npm test/],
      ['test.mjs', ['tests/docs', 'tests/dcos'], /no test file matches `tests\/dcos`/],
      ['build.mjs', ['--woker'], /unknown arguments `--woker`; usage/],
      ['start.mjs', ['--prot', '1'], /--prot.*\nusage: npm start/s],
    ])) {
      const { status, stderr } = tool(script, args);
      assert.equal(status, 1, script);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /\n\s+at /, 'a stack');
    }
    assert.equal(await calls(), '');
  });

  test('a folder that cannot be written is named, without a stack', async () => {
    await writeFile(join(checkout, 'node_modules'), 'a file where a folder should be');
    await program('npm', ':');
    const { status, stderr } = tool('setup.mjs', []);
    assert.equal(status, 1);
    assert.match(stderr, /node_modules/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  test('a Node that is too old is told so, by every tool and before anything else', async () => {
    const older = `data:text/javascript,${encodeURIComponent('Object.defineProperty(process.versions, "node", { value: "20.11.1" })')}`;
    for (const script of ['setup.mjs', 'build.mjs', 'start.mjs', 'test.mjs']) {
      const { status, stderr } = tool(script, [], {}, ['--import', older]);
      assert.equal(status, 1, script);
      assert.match(stderr, /^\nNode 20\.11\.1 is too old: 20\.19 or newer is needed\nhelp: /);
    }
    assert.equal(await calls(), '');
    for (const good of ['20.19.0', '20.20.1', '22.0.0', '24.1.0']) assertNodeIsNewEnough(good);
    for (const bad of ['20.18.3', '18.20.8', '8.19.0']) assert.throws(() => assertNodeIsNewEnough(bad), /too old/);
  });

  test('a second npm start is refused while the first runs, and not after', async () => {
    await program('npm', 'echo waiting; exec sleep 60');
    const start = async () => {
      const ports = [await freePort(), await freePort(), await freePort()].map(String);
      return { url: `http://localhost:${ports[0]}`, args: ['--port', ports[0], '--identity-port', ports[1], '--origin-port', ports[2]] };
    };
    const { url, args } = await start();
    const env = environment({ PATH: `${join(dir, 'bin')}:/bin:/usr/bin` });
    const first = spawn(process.execPath, [join(checkout, 'tools/start.mjs'), ...args], { cwd: dir, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
    const ended = new Promise((resolve) => first.on('exit', resolve));
    let output = '';
    await new Promise((resolve) => first.stdout.on('data', (chunk) => /waiting/.test((output += chunk)) && resolve(undefined)).once('end', resolve));

    const second = tool('start.mjs', (await start()).args);
    assert.equal(second.status, 1);
    assert.ok(second.stderr.includes(`is running in this checkout, at ${url} (process ${first.pid})\nhelp: `), second.stderr);

    // Killed, so that it could not tidy up. Its number is somebody's that runs, as it soon is in a container.
    process.kill(-(/** @type {number} */ (first.pid)), 'SIGKILL');
    await ended;
    const left = join(checkout, '.wrangler/portcullis-dev/running.json');
    await writeFile(left, JSON.stringify({ ...JSON.parse(await readFile(left, 'utf8')), pid: process.pid }));
    await program('npm', 'echo gone; exit 7');
    const third = tool('start.mjs', (await start()).args);
    assert.match(third.stderr, /`npm ci .*` ended with exit code 7/);
    assert.equal(existsSync(left), false);
  });

  /** @param {string} script @param {readonly string[]} args @param {Record<string, string>} [own] @param {string[]} [ofNode] */
  function tool(script, args, own, ofNode = []) {
    const env = environment({ PATH: `${join(dir, 'bin')}:/bin:/usr/bin`, PORTCULLIS_WASM_TARGET: undefined, ...own });
    return spawnSync(process.execPath, [...ofNode, join(checkout, 'tools', script), ...args], { cwd: dir, encoding: 'utf8', env });
  }

  function calls() {
    return readFile(join(dir, 'calls'), 'utf8').catch(() => '');
  }

  /** @param {string} name @param {string} script */
  async function program(name, script) {
    const file = join(dir, 'bin', name);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> "${join(dir, 'calls')}"\n${script}\n`);
    await chmod(file, 0o755);
  }
});
