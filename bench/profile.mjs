// Where a decision's time goes: a CPU profile of one entry of `bench/worker.mjs`, its functions by the time spent in themselves.
//
//   node bench/profile.mjs <entry> [--seen] [--bare]     with tokens seen before; without a token, on a public path
//
// Builds nothing: profiles what `node tools/build.mjs` built last. Wasm functions have no names there, only numbers.

import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { runAsScript } from '../tools/run.mjs';
import { startBench } from './support/bench-worker.mjs';
import { bundle } from './support/bundle.mjs';
import { inspect } from './support/inspector.mjs';
import { makeInstance } from './support/instance.mjs';

const TOKENS = 100;
const WARM_UP_MS = 2000;
const PROFILE_MS = 4000;
const SHOWN = 30;

await runAsScript(import.meta.url, async () => {
  const { values, positionals } = parseArgs({ options: { seen: { type: 'boolean' }, bare: { type: 'boolean' } }, allowPositionals: true });
  const [entry = 'workerDecide'] = positionals;
  const instance = await makeInstance();
  const dir = await bundle('bench/worker.mjs', { withWorker: true, isReadable: true });
  const env = instance.env({ token_cache: values.seen ? 4096 : 0 });
  const bench = await startBench({ dir, env, args: ['--inspector-addr=127.0.0.1:0'] });
  try {
    await bench.upload(await instance.tokens(TOKENS));
    const asked = { from: 0, count: TOKENS, times: 20, path: values.bare ? '/' : undefined };
    let decisions = 0;
    const run = async (/** @type {number} */ milliseconds) => {
      decisions = 0;
      for (const end = Date.now() + milliseconds; Date.now() < end; decisions += TOKENS * 20) await bench.call(entry, asked);
    };
    await run(WARM_UP_MS);
    const { profile } = await inspect(bench.inspectorPort(), async (send) => {
      await send('Profiler.enable');
      await send('Profiler.setSamplingInterval', { interval: 100 });
      await send('Profiler.start');
      await run(PROFILE_MS);
      return send('Profiler.stop');
    });
    console.log(table(profile, decisions));
  } finally {
    await bench.stop();
    await rm(dir, { recursive: true, force: true });
  }
});

/**
 * @param {{ nodes: any[], samples: number[], timeDeltas: number[] }} profile
 * @param {number} decisions
 */
function table({ nodes, samples, timeDeltas }, decisions) {
  const names = new Map(nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [id, `${functionName || '(anonymous)'} ${url.split('/').pop()}:${lineNumber + 1}`]));
  /** @type {Map<string, number>} */
  const self = new Map();
  samples.forEach((id, n) => {
    const name = names.get(id) ?? '?';
    self.set(name, (self.get(name) ?? 0) + timeDeltas[n]);
  });
  const rows = [...self].filter(([name]) => !name.startsWith('(idle)')).sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  return rows.map(([name, time]) => `${(time / decisions).toFixed(2).padStart(7)} µs  ${name}`).join('\n');
}
