// `npm test`: everything that can be tested on one machine, from a bare checkout on.
//
//   npm test                          Rust, both builds, and every tests/**/*.test.mjs
//   npm test -- tests/worker          only the test files whose path contains one of the words
//
// Fails when any part fails; what is skipped is listed with its reason.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ROOT, ToolError, run, runAsScript } from './run.mjs';
import { setup } from './setup.mjs';

/** Features whose tests run natively; those of the Wasm hosts are tested through the built modules. */
const NATIVE_FEATURES = ['native', 'cli'];

await runAsScript(import.meta.url, async () => {
  const words = process.argv.slice(2);
  // Before anything is installed or built.
  const files = testFiles(words);
  await setup({ forTests: true });

  /** @type {{ name: string, ok: boolean, seconds: string, note: string }[]} */
  const results = [];
  const part = async (/** @type {string} */ name, /** @type {() => Promise<string | void>} */ body) => {
    console.log(`\n── ${name}`);
    const started = performance.now();
    const outcome = await body().then(
      (note) => ({ ok: true, note: note ?? '' }),
      (error) => ({ ok: false, note: error.message.split('\n').at(-1) ?? '' }),
    );
    results.push({ name, ...outcome, seconds: ((performance.now() - started) / 1000).toFixed(1) });
    if (!outcome.ok) console.log(`failed: ${outcome.note}`);
    return outcome.ok;
  };

  if (words.length === 0) await part('Rust: cargo test', testRust);
  const { buildPackage, buildWorker } = await import('./build.mjs');
  const hasWorker = await part('the Worker: release build', async () => void (await buildWorker()));
  const hasPackage = await part('the package: release build', async () => void (await buildPackage()));
  if (hasWorker && hasPackage) await part('JavaScript: node --test', () => testJavaScript(files));

  console.log('\n── summary');
  for (const { name, ok, seconds, note } of results) console.log(`${ok ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)${note ? `: ${note}` : ''}`);
  if (results.some(({ ok }) => !ok)) process.exitCode = 1;
});

async function testRust() {
  const metadata = JSON.parse(await run('cargo', ['metadata', '--no-deps', '--format-version', '1', '--quiet'], { quiet: true }));
  const known = Object.keys(metadata.packages[0].features);
  const features = NATIVE_FEATURES.filter((feature) => known.includes(feature));
  await run('cargo', ['test', '--quiet', '--features', features.join(',')]);
}

/**
 * The test files whose path contains one of the words; without words all of them. A word that no file has is a mistake.
 *
 * @param {string[]} words
 */
function testFiles(words) {
  const all = readdirSync(join(ROOT, 'tests'), { recursive: true })
    .map((file) => join('tests', String(file)))
    .filter((file) => file.endsWith('.test.mjs') && !file.includes('node_modules'));
  const idle = words.find((word) => !all.some((file) => file.includes(word)));
  if (idle !== undefined) throw new ToolError(`no test file matches \`${idle}\`\nusage: npm test [-- WORD…], where each word is a part of the path of a file in tests/`);
  return all.filter((file) => words.length === 0 || words.some((word) => file.includes(word))).sort();
}

/**
 * One file after another: they start servers, workerd and a browser, and some measure time.
 *
 * @param {string[]} files
 */
async function testJavaScript(files) {
  const reporter = pathToFileURL(join(ROOT, 'tools/test-reporter.mjs')).href;
  const args = ['--test', '--test-concurrency=1', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout'];
  const { code, output } = await runShown(process.execPath, [...args, ...files]);
  const counts = /^(\d+ passed.*)$/m.exec(output)?.[1] ?? 'no counts';
  if (code !== 0) throw new Error(counts);
  return counts;
}

/**
 * Runs with the output both shown and returned.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function runShown(command, args) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CLERK_TELEMETRY_DISABLED: '1', WRANGLER_SEND_METRICS: 'false' };
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
