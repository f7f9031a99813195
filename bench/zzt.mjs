import { readFile, readdir } from 'node:fs/promises';
import { bundle } from './support/bundle.mjs';
import { startBench } from './support/bench-worker.mjs';
import { makeInstance } from './support/instance.mjs';
import { measureInTurns } from './support/measure.mjs';
const instance = await makeInstance();
const dir = await bundle('bench/worker.mjs', { withWorker: true });
const args = process.env.V8 ? ['--v8'] : undefined;
const bench = await startBench({ dir, env: instance.env() });
const tokens = await instance.tokens(6000);
await bench.upload(tokens);
const threads = async () => { const t = {}; for (const task of await readdir(`/proc/${bench.pid}/task`)) { const c = (await readFile(`/proc/${bench.pid}/task/${task}/comm`,'utf8')).trim(); t[task + ' ' + c] = Number((await readFile(`/proc/${bench.pid}/task/${task}/schedstat`,'utf8')).split(' ')[0]) / 1000; } return t; };
const next = bench.ring(0);
for (const [name, times] of [['floor', 40], ['request', 40], ['packageDecide', 40], ['workerDecide', 40], ['packageAuthenticate', 40], ['jose', 40], ['packageDecide', 40], ['request', 40]]) {
  for (let i = 0; i < 10; i++) await bench.call(name, next(500));
  const a = await threads();
  for (let i = 0; i < times; i++) await bench.call(name, next(500));
  const b = await threads();
  console.log(name, Object.keys(b).map((k) => [k, ((b[k] - (a[k] ?? 0)) / times / 500)]).filter(([, v]) => v > 0.05).map(([k, v]) => `${k}: ${v.toFixed(1)}`).join(', '));
}
await bench.stop();
