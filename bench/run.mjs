// Measures the gate side by side with its peers, in bare workerd.
//
//   npm run bench             decisions, start-up, sizes, key sets, patterns; some minutes
//   npm run bench -- --all    the same, all else that grows, and a flood of a million tokens
//   npm run bench -- decisions patterns    these parts only
//   npm run bench -- --quick  fewer rounds, writes nothing
//
// Results are kept in bench/results.json and written out as bench/RESULTS.md; parts that were not measured stay as they were.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { buildPackage, buildWorker } from '../tools/build.mjs';
import { ROOT, ToolError, runAsScript } from '../tools/run.mjs';
import { countKeySetFetches } from './cold-keys.mjs';
import { measureDecisions } from './decisions.mjs';
import { measureFlood } from './flood.mjs';
import { OTHERS, PATTERNS, measureScaling } from './scaling.mjs';
import { measureStartUp } from './start-up.mjs';
import { renderResults } from './support/report.mjs';

const QUICK_FLOOD_TOKENS = 20_000;

/** @type {Record<string, (options: { quick: boolean }) => Promise<object>>} */
const PARTS = {
  decisions: measureDecisions,
  startUp: measureStartUp,
  coldKeys: countKeySetFetches,
  patterns: async (options) => ({ dimensions: await measureScaling(PATTERNS, options) }),
  scaling: async (options) => ({ dimensions: await measureScaling(OTHERS, options) }),
  flood: ({ quick }) => measureFlood({ tokens: quick ? QUICK_FLOOD_TOKENS : undefined, log: console.log }),
};
const USUAL = ['decisions', 'startUp', 'coldKeys', 'patterns'];

await runAsScript(import.meta.url, async () => {
  const { values, positionals } = parseArgs({ options: { all: { type: 'boolean' }, quick: { type: 'boolean', default: false } }, allowPositionals: true });
  const asked = positionals.length > 0 ? positionals : values.all ? Object.keys(PARTS) : USUAL;
  for (const part of asked) if (!(part in PARTS)) throw new ToolError(`unknown part \`${part}\`; there are ${Object.keys(PARTS).join(', ')}`);
  await buildWorker();
  await buildPackage();
  /** @type {Record<string, object>} */
  const measured = {};
  for (const part of asked) {
    console.log(`measuring ${part} …`);
    measured[part] = { on: new Date().toISOString().slice(0, 10), node: process.versions.node, ...(await PARTS[part](values)) };
    if (!values.quick) await keep({ [part]: measured[part] });
  }
  console.log(renderResults(measured));
});

/** @param {Record<string, object>} measured */
async function keep(measured) {
  const file = join(ROOT, 'bench/results.json');
  const before = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
  const results = Object.fromEntries(Object.keys(PARTS).flatMap((part) => (measured[part] ?? before[part] ? [[part, measured[part] ?? before[part]]] : [])));
  await writeFile(file, `${JSON.stringify(results, rounded, 1)}\n`);
  await writeFile(join(ROOT, 'bench/RESULTS.md'), renderResults(results));
}

/** No more digits than were measured. @param {string} _ @param {unknown} value */
function rounded(_, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value;
}
