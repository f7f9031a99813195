// The small version of `node bench/soak.mjs`.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { soak } from '../../bench/soak.mjs';

test('twenty thousand calls of everything leave the Wasm memory as it was', async () => {
  assert.equal((await soak(20_000)).grown, 0);
});
