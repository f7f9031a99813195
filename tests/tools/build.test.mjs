// `npm run build` as the first thing on a machine: Rust is there, its WebAssembly target is not. The programs it calls are stood in for by
// scripts that write down how they were called.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { ROOT } from '../../tools/run.mjs';
import { environment } from '../support/environment.mjs';

describe('npm run build, on a fresh machine', { skip: process.platform === 'win32' && 'the stand-ins are shell scripts' }, () => {
  /** @type {string} */
  let dir;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'portcullis-build-'));
    await program('with-rust/cargo', `echo "cargo $*" >> ${join(dir, 'calls')}; [ "$1" = --version ]`);
    await program('with-rust/rustc', `echo ${join(dir, 'nowhere')}`);
    await program('with-rust/rustup', `echo "rustup $*" >> ${join(dir, 'calls')}`);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  test('installs the target before it compiles, and says so', async () => {
    const { status, stdout, stderr } = build(join(ROOT, 'tools/build.mjs'), [join(dir, 'with-rust'), '/bin', '/usr/bin']);
    assert.match(stdout, /adding Rust's target wasm32-unknown-unknown/);
    const calls = (await readFile(join(dir, 'calls'), 'utf8')).trim().split('\n');
    assert.equal(calls[1], 'rustup target add wasm32-unknown-unknown');
    assert.match(calls[2], /^cargo rustc .*--target wasm32-unknown-unknown/);
    // The stand-in compiles nothing.
    assert.equal(status, 1);
    assert.match(stderr, /ended with exit code 1\nhelp: /);
  });

  test('without Rust, says where to get it', () => {
    const { status, stderr } = build(join(ROOT, 'tools/build.mjs'), []);
    assert.equal(status, 1);
    assert.match(stderr, /Rust is not installed.*\nhelp: install it from https:\/\/rustup\.rs/);
  });

  test('builds where it is called by a link, too', async () => {
    await symlink(ROOT, join(dir, 'link'));
    assert.match(build(join(dir, 'link/tools/build.mjs'), []).stderr, /Rust is not installed/);
  });

  /**
   * @param {string} script
   * @param {string[]} folders where programs are
   */
  function build(script, folders) {
    const env = environment({ PATH: folders.join(':'), PORTCULLIS_WASM_TARGET: undefined });
    return spawnSync(process.execPath, [script, '--worker'], { cwd: ROOT, encoding: 'utf8', env });
  }

  /** @param {string} path @param {string} script */
  async function program(path, script) {
    const file = join(dir, path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }
});
