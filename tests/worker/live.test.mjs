// `portcullis check --live` against the Worker in workerd: the built program finds nothing there, and what stands without a gate, it does.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';

import { exportPKCS8 } from 'jose';

import { ROOT } from '../../tools/run.mjs';
import { PUBLISHABLE_KEY, SECRET_KEY } from '../support/clerk.mjs';
import { environment } from '../support/environment.mjs';
import { POLICY, startGate } from '../support/gate.mjs';

const secret = `whsec_${Buffer.from('a signing secret for this test alone').toString('base64')}`;
const webhook = { webhook_path: '/api/webhooks/clerk' };
const dir = await mkdtemp(join(tmpdir(), 'portcullis-live-'));
const program = join(dir, 'portcullis');
await buildProgram();
const gate = await startGate({ policy: webhook, env: (clerk) => ({ CLERK_JWT_KEY: clerk.pem, CLERK_WEBHOOK_SIGNING_SECRET: secret }) });
after(async () => {
  await gate.stop();
  await rm(dir, { recursive: true, force: true });
});
const policy = { ...POLICY, ...webhook };
await writeFile(join(dir, 'wrangler.jsonc'), JSON.stringify({ vars: { CLERK_PUBLISHABLE_KEY: PUBLISHABLE_KEY, PORTCULLIS: policy } }));
await writeFile(join(dir, 'probe.pem'), await exportPKCS8(gate.clerk.keys.privateKey));

/** The program of this moment: one that is built beside the tests is taken away and put back, and may have other features. */
async function buildProgram() {
  const built = join(resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target'), 'debug/portcullis');
  for (let tries = 1; ; tries += 1) {
    // There already where `cargo test` ran before.
    execFileSync('cargo', ['build', '--quiet', '--features', 'native,cli'], { cwd: ROOT, stdio: 'inherit' });
    try {
      await copyFile(built, program);
      return void execFileSync(program, ['--version']);
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

/** @param {string[]} args */
async function check(...args) {
  const env = environment({ CLERK_SECRET_KEY: SECRET_KEY, CLERK_WEBHOOK_SIGNING_SECRET: secret });
  const child = spawn(program, ['check', '--only', 'live', '--yes-this-is-mine', '--json', ...args], { cwd: dir, env });
  const [printed, said] = ['', ''].map((start, index) => {
    const stream = index === 0 ? child.stdout : child.stderr;
    return (async () => {
      let text = start;
      for await (const chunk of stream) text += chunk;
      return text;
    })();
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.notEqual(code, 2, await said);
  return { code, ...JSON.parse(await printed) };
}

test('the Worker lets no probe in, and the good token beside them', async () => {
  const { code, findings, evidence } = await check('--live', gate.url, '--probe-key', 'probe.pem');
  assert.deepEqual(findings, []);
  assert.equal(code, 0);
  assert.ok(evidence.length > 25);
  const asked = (/** @type {string} */ words) => evidence.find((/** @type {any} */ one) => one.asked.includes(words));
  assert.equal(asked('a good token').answer, '200');
  assert.equal(asked('another party').answer, '401');
  assert.equal(asked('played back').answer, '400');
  assert.match(asked('health').proves, /a gate answers/);
});

test('the same app without the gate is found open', async () => {
  const { code, findings } = await check('--live', gate.origin.url);
  assert.equal(code, 1);
  const kinds = findings.map((/** @type {any} */ { kind }) => kind);
  assert.ok(kinds.includes('live-open'), kinds.join(' '));
  assert.ok(kinds.includes('live-webhook-accepted'), kinds.join(' '));
});
