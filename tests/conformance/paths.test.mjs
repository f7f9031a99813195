// The conformance kit, as anybody can run it, against the gate: no bypass and no false alarm.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { environment } from '../support/environment.mjs';

/** @param {string} adapter @param {Record<string, string>} [env] */
function check(adapter, env = {}) {
  const kit = fileURLToPath(new URL('../vectors/paths/check.mjs', import.meta.url));
  const ADAPTER = fileURLToPath(new URL(adapter, import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [kit], { env: environment({ ...env, ADAPTER }), encoding: 'utf8', maxBuffer: 1 << 28 });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const [, bypasses, targets, origins, alarms] = (/^bypasses: (\d+) over (\d+) targets x (\d+) origins, false alarms: (\d+)\/300$/.exec(last) ?? assert.fail(stdout + stderr)).map(Number);
  return { status, stdout, last, bypasses, targets, origins, alarms };
}

for (const transit of ['parsed', 'passthrough']) {
  for (const adapter of ['adapter', 'middleware']) {
    test(`the ${adapter === 'adapter' ? 'gate' : 'gate as middleware'} has no bypass and no false alarm, transit ${transit}`, (t) => {
      const { status, stdout, last, bypasses, targets, origins, alarms } = check(`./${adapter}.mjs`, { TRANSIT: transit });
      t.diagnostic(last);
      assert.deepEqual({ bypasses, alarms, status }, { bypasses: 0, alarms: 0, status: 0 }, stdout);
      assert.ok(targets > 5_000 && origins === 11, last);
    });
  }
}

test('a route matcher has hundreds of bypasses, so the kit can find them', (t) => {
  const { status, last, bypasses } = check('./route-matcher.mjs');
  t.diagnostic(last);
  assert.ok(bypasses > 500 && status === 1, last);
});
