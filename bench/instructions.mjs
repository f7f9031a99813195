// What a decision costs in instructions of the native core, by function: the same figures on a busy machine as on an idle one, so the
// first thing to look at after a change. What a host adds (headers, promises, the signature) is not in them; that is `npm run bench`.
//
//   node bench/instructions.mjs [shown]     the functions with the most of their own, 20 by default
//
// Needs valgrind.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ROOT, ToolError, canRun, run, runAsScript } from '../tools/run.mjs';

/** The first decisions make the gate and fill its memory; what comes between is counted. */
const FEW = 100;
const MANY = 1100;

await runAsScript(import.meta.url, async () => {
  const shown = Number(process.argv[2] ?? 20);
  if (!(await canRun('valgrind'))) throw new ToolError('`valgrind` is not installed; your system\'s packages have it');
  await run('cargo', ['build', '--quiet', '--release', '--no-default-features', '--example', 'decide_many']);
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-instructions-'));
  try {
    for (const kind of ['public', 'unmet', 'seen', 'new']) {
      const [few, many] = [await count(dir, kind, FEW), await count(dir, kind, MANY)];
      const costs = [...many].map(([name, cost]) => ({ name, cost: (cost - (few.get(name) ?? 0)) / (MANY - FEW) }));
      const total = costs.reduce((sum, { cost }) => sum + cost, 0);
      console.log(`\n${kind}: ${Math.round(total)} instructions a decision, the making of its request included`);
      for (const { name, cost } of costs.sort((a, b) => b.cost - a.cost).slice(0, shown)) console.log(`${String(Math.round(cost)).padStart(8)}  ${name}`);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

/**
 * The instructions of each function itself.
 *
 * @param {string} dir
 * @param {string} kind
 * @param {number} times
 * @returns {Promise<Map<string, number>>}
 */
async function count(dir, kind, times) {
  const file = join(dir, `${kind}-${times}`);
  const program = join(ROOT, 'target/release/examples/decide_many');
  await run('valgrind', ['--tool=callgrind', `--callgrind-out-file=${file}`, program, kind, String(times)], { quiet: true });
  /** @type {Map<string, number>} */
  const costs = new Map();
  /** @type {Map<string, string>} */
  const names = new Map();
  let current = '';
  let isOfCall = false;
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const named = /^c?fn=\((\d+)\)(?: (.*))?/.exec(line);
    if (named) {
      if (named[2]) names.set(named[1], named[2]);
      if (line.startsWith('fn=')) current = named[1];
    } else if (line.startsWith('calls=')) {
      // The next line is what the called function took, all in all.
      isOfCall = true;
    } else {
      const cost = /^[-+*\d]\S* (\d+)$/.exec(line);
      if (cost && !isOfCall) costs.set(current, (costs.get(current) ?? 0) + Number(cost[1]));
      if (cost) isOfCall = false;
    }
  }
  return new Map([...costs].map(([id, cost]) => [names.get(id) ?? id, cost]));
}
