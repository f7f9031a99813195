// `npx portcullis` from the packed package: it hands over to the native program, explains its own gate, or says what is missing.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, test } from 'node:test';

import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { environment } from '../support/environment.mjs';
import { installPacked } from '../support/examples.mjs';

const { publishableKey, site, api } = INSTANCES.dev;
const packed = installPacked([]);
after(() => packed.remove());

// As npm links it: a folder on the PATH in which our own script has the name of the native program.
const bin = join(packed.dir, 'node_modules/.bin');
mkdirSync(bin, { recursive: true });
const script = join(packed.dir, 'node_modules/portcullis/cli.js');
chmodSync(script, 0o755);
symlinkSync(script, join(bin, 'portcullis'));

const gate = { publishableKey, jwtKey: PEM, authorizedParties: [site], public: ['/'], admin: ['/admin(.*)'], adminRequires: { claim: 'metadata.role', equals: 'admin' } };
writeFileSync(join(packed.dir, 'gate.mjs'), `export default ${JSON.stringify(gate)};`);
writeFileSync(join(packed.dir, 'gate.json'), JSON.stringify(gate));
writeFileSync(join(packed.dir, 'null.json'), 'null');
writeFileSync(join(packed.dir, 'parties.json'), JSON.stringify({ ...gate, authorizedParties: 5 }));
writeFileSync(join(packed.dir, 'wrong.json'), JSON.stringify({ ...gate, pubic: ['/x'] }));

/** @param {string[]} args @param {{ input?: string, path?: string[] }} [options] */
function portcullis(args, { input = '', path = [] } = {}) {
  const env = environment({ PATH: [bin, ...path, dirname(process.execPath)].join(delimiter) });
  return spawnSync(join(bin, 'portcullis'), args, { cwd: packed.dir, input, env, encoding: 'utf8' });
}

test('a native program that a signal has ended has not found anything', { skip: process.platform === 'win32' && 'there are no signals' }, () => {
  // Any program will do that is none of a script's.
  const folder = join(packed.dir, 'ended');
  mkdirSync(folder);
  cpSync(realpathSync('/bin/sh'), join(folder, 'portcullis'));
  assert.equal(portcullis(['-c', 'exit 1'], { path: [folder] }).status, 1);
  assert.equal(portcullis(['-c', 'kill -9 $$'], { path: [folder] }).status, 2);
});

test('without the native program it says how to get it, and does not call itself', () => {
  const { status, stdout, stderr } = portcullis(['check']);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /cargo install --path /);
});

test('the native program gets the arguments, and its exit code is the answer', () => {
  const folder = join(packed.dir, 'native');
  mkdirSync(folder);
  // Any program that is no script stands for it: this one prints what it was given, and has an exit code.
  symlinkSync(process.execPath, join(folder, 'portcullis'));
  const { status, stdout } = portcullis(['-e', 'console.log(process.argv.slice(1)); process.exit(1)', 'check', '--env', 'x y'], { path: [folder] });
  assert.deepEqual([status, stdout], [1, "[ 'check', '--env', 'x y' ]\n"]);
});

test('a gate of the package is explained by its own Wasm, and no token is shown', () => {
  const token = jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh });
  for (const file of ['gate.mjs', 'gate.json']) {
    const { status, stdout, stderr } = portcullis(['explain', 'GET', '/admin/users', '--gate', file, '--token', '-'], { input: token });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /✓ admin\[0\] \/admin\(\.\*\) \(admin\): decides/);
    assert.match(stdout, /✗ claim metadata\.role equals "admin"/);
    assert.match(stdout, /✓ signature\n/);
    assert.match(stdout, /deny 403 \(requirement-not-met\); admin by admin\[0\]/);
    assert.ok(!stdout.includes(token.slice(0, 60)));
  }
  const asked = portcullis(['explain', 'POST', '/x', '--gate=gate.json', '--cookie', `__session=${token}`, '--header', 'Origin: https://evil.example', '--json']);
  const explained = JSON.parse(asked.stdout);
  assert.equal(explained.decision.action, 'deny');
  assert.ok(!asked.stdout.includes(token.slice(0, 60)) && !asked.stdout.includes(token.slice(-60)));
});

test('what cannot be read is said, with exit code 2', () => {
  /** @type {[string[], RegExp][]} */
  const wrong = [
    [['explain', 'GET', '--gate', 'gate.json'], /expected a method and an address/],
    [['explain', 'GET', '/', '--gate', 'absent.mjs'], /absent\.mjs/],
    [['explain', 'GET', '/', '--gate', 'wrong.json'], /pubic/],
    [['explain', 'GET', '/', '--gate', 'gate.json', '--header', 'x'], /expects `Name: value`/],
    [['explain', 'GET', '/', '--gate', 'gate.json', '--colour'], /--colour/],
    [['explain', 'GET', '/', '--gate='], /`--gate` expects a file/],
    [['explain', 'GET', '/', '--gate', 'null.json'], /`null\.json` holds no configuration/],
    [['explain', 'GET', '/', '--gate', 'parties.json'], /^portcullis: the configuration has a mistake:\nsetting `authorizedParties`[^\n]*\n$/],
    [['explain', 'GET', 'x', '--gate', 'gate.json'], /no path and no absolute URL/],
  ];
  for (const [args, message] of wrong) {
    const { status, stderr } = portcullis(args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, message);
  }
  assert.equal(portcullis(['explain', '--help']).status, 0);
});
