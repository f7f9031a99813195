// The package as a user gets it: `npm pack`, `npm install` of the tarball into an empty folder, `npx portcullis` there.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { INSTANCES, PEM } from '../oracle/authenticate/instance.mjs';
import { ROOT } from '../../tools/run.mjs';
import { environment } from '../support/environment.mjs';

const { publishableKey, site } = INSTANCES.dev;
const dir = mkdtempSync(join(tmpdir(), 'portcullis-npx-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** The native program, as `cargo test` builds it. */
const native = [join(ROOT, 'target/debug/portcullis'), join(ROOT, 'target/release/portcullis')].find((file) => existsSync(file));
const withNative = join(dir, 'native');
mkdirSync(withNative);
if (native) symlinkSync(native, join(withNative, 'portcullis'));

const project = join(dir, 'project');
mkdirSync(project);
const quiet = { cwd: project, env: environment(), encoding: /** @type {const} */ ('utf8'), stdio: /** @type {import('node:child_process').StdioOptions} */ (['ignore', 'pipe', 'pipe']) };
const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--pack-destination', dir], { ...quiet, cwd: join(ROOT, 'npm') }));
writeFileSync(join(project, 'package.json'), '{"name": "app", "private": true}');
execFileSync('npm', ['install', '--offline', '--no-audit', '--no-fund', join(dir, filename)], quiet);

/** `npx --no` never installs anything: what runs is what the tarball brought. @param {string[]} args @param {string[]} [path] */
function npx(args, path = []) {
  // Neither a program of the outer PATH nor of this checkout's node_modules.
  const own = (process.env.PATH ?? '').split(delimiter).filter((folder) => !existsSync(join(folder, 'portcullis')));
  const env = environment({ PATH: [...path, dirname(process.execPath), ...own].join(delimiter) });
  return spawnSync('npx', ['--no', '--', 'portcullis', ...args], { ...quiet, env });
}

const gate = { publishableKey, jwtKey: PEM, authorizedParties: [site], public: ['/'], admin: ['/admin(.*)'], adminRequires: { claim: 'metadata.role', equals: 'admin' } };
writeFileSync(join(project, 'gate.mjs'), `export default ${JSON.stringify(gate)};`);

test('nothing but the package and its command is installed', () => {
  const { dependencies } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  assert.deepEqual(Object.keys(dependencies), ['portcullis']);
  assert.ok(existsSync(join(project, 'node_modules/.bin/portcullis')));
});

test('npx portcullis explain works without the native program', () => {
  const { status, stdout, stderr } = npx(['explain', 'GET', '/admin', '--gate', 'gate.mjs']);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /✓ admin\[0\] \/admin\(\.\*\) \(admin\): decides/);
  assert.ok(!stdout.includes('\u001b'));
  const asked = npx(['explain', 'GET', '/admin', '--gate', 'gate.mjs', '--json']);
  assert.equal(JSON.parse(asked.stdout).decision.access, 'admin');
});

test('npx portcullis check without the native program says how to get it', () => {
  const { status, stdout, stderr } = npx(['check']);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /cargo install --path /);
});

test('npx portcullis check is the native program where it is there', { skip: native ? false : 'the native program is not built' }, () => {
  writeFileSync(join(project, 'wrangler.toml'), readFileSync(join(ROOT, 'wrangler.toml')));
  const ready = npx(['check', '--local', '--offline', '--only', 'files', '--json'], [withNative]);
  assert.equal(ready.status, 0, ready.stderr);
  assert.equal(JSON.parse(ready.stdout).ready, true);
  const findings = npx(['check', '--offline', '--json'], [withNative]);
  assert.equal(findings.status, 1, findings.stderr);
  assert.ok(JSON.parse(findings.stdout).findings.some((/** @type {any} */ { kind }) => kind === 'development-keys'));
  writeFileSync(join(project, 'wrangler.toml'), '[vars]\nA = = 1\n');
  const broken = npx(['check', '--offline'], [withNative]);
  assert.deepEqual([broken.status, broken.stdout], [2, '']);
  assert.match(broken.stderr, /wrangler\.toml:2:5/);
  // The package's own gate is explained by the package all the same.
  assert.equal(npx(['explain', 'GET', '/', '--gate', 'gate.mjs'], [withNative]).status, 0);
});
