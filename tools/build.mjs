// Builds the Worker: Rust -> Wasm -> a module for workerd, with the shim as its entry; and the npm package's Wasm.
//
//   node tools/build.mjs           what ships: optimised, into dist/worker and npm/dist, with its sizes
//   node tools/build.mjs --worker  the Worker alone: what `wrangler deploy` runs
//   node tools/build.mjs --dev     what `npm start` runs: quick to rebuild, never into dist

import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

import { refuseDeploy } from './dev-only.mjs';
import { ROOT, ToolError, run, runAsScript } from './run.mjs';
import { trapAtPanics } from './trap-at-panics.mjs';
import { WASM_TARGET, installWasmTarget } from './wasm-target.mjs';

/** Where the build that deploys goes. */
export const RELEASE_DIR = join(ROOT, 'dist/worker');
/** Where the build of `npm start` goes; ignored by git, outside of what deploys. */
export const DEV_DIR = join(ROOT, '.wrangler/portcullis-dev/worker');
/** Where the npm package has its generated files. */
export const PACKAGE_DIR = join(ROOT, 'npm/dist');
/** The package's Wasm modules; the features that make them are `js-session` and so on. */
export const PACKAGE_MODULES = ['session', 'session-all', 'gate', 'webhook'];
/** Of them, the one that every request goes through: it is compiled for speed, and is a ninth larger for it. */
const FAST_MODULE = 'gate';

const CARGO_HELP = 'see the errors above; cargo needs to reach crates.io the first time';
const TARGET_DIR = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target');

/** The features that workerd and every current browser have; without them wasm-opt refuses the module. */
const WASM_OPT_FLAGS = [
  '-O3',
  // What the compiler did not inline is not worth it, but for functions that are shorter than a call of them (see `bind`): a function that is
  // called once too, since what is rare stands apart on purpose. And copies of what is alike compress worse than what is alike.
  '--one-caller-inline-max-function-size=0',
  '--flexible-inline-max-function-size=0',
  '--skip-pass=local-cse',
  '--enable-mutable-globals',
  '--enable-sign-ext',
  '--enable-simd',
  '--enable-nontrapping-float-to-int',
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--enable-reference-types',
  '--strip-producers',
  '--strip-target-features',
];

/**
 * Of the two kinds of library that `Cargo.toml` has only the one that is a module. What another crate could link is kept callable from outside
 * until all is linked, and then it is too late for the compiler to put in place what is called once.
 */
const AS_MODULE = ['--crate-type', 'cdylib'];

/**
 * Sixteen bytes at a time, where tokens are decoded and texts are searched or moved: workerd, Node 16.4, Chrome 91, Firefox 89 and Safari 16.4 have
 * it. Loops are not unrolled beside that.
 */
const FOR_SPEED = ['-C', 'target-feature=+simd128', '-C', 'llvm-args=--unroll-threshold=20'];

/**
 * Builds the Worker and returns the folder of its modules; `index.js` is the entry.
 *
 * @param {{ dev?: boolean, outDir?: string }} [options]
 */
export async function buildWorker({ dev = false, outDir = dev ? DEV_DIR : RELEASE_DIR } = {}) {
  if (dev) refuseDeploy();
  const started = performance.now();
  const profile = dev ? 'edge-dev' : 'edge';
  await run('cargo', ['rustc', '--profile', profile, '--target', WASM_TARGET, '--lib', ...AS_MODULE, '--features', 'worker', ...rustFlags(FOR_SPEED)], {
    help: CARGO_HELP,
  });

  const staging = await emptyStaging(outDir);
  await bind(join(TARGET_DIR, WASM_TARGET, profile, 'portcullis.wasm'), staging, 'portcullis', { optimized: !dev });
  await writeEntry(staging);
  if (!dev) for (const name of await scriptsIn(staging)) await minify(join(staging, name), { keepsNames: name.startsWith('snippets') });
  await replace(outDir, staging);

  console.log(`built ${relative(ROOT, outDir)} (${profile}) in ${secondsSince(started)} s`);
  if (!dev) await printSizes(outDir, ['portcullis_bg.wasm', ...(await scriptsIn(outDir))]);
  return outDir;
}

/**
 * Builds the npm package's Wasm modules, each once as a file and once as text in a script, and returns the folder.
 *
 * The library is the same as the Worker's with other features, under the same name: in one target folder the one build would
 * take the other's file for its own and call it fresh.
 */
export async function buildPackage() {
  const started = performance.now();
  const targetDir = join(TARGET_DIR, 'package');
  const staging = await emptyStaging(PACKAGE_DIR);
  for (const name of PACKAGE_MODULES) {
    const isFast = name === FAST_MODULE;
    const profile = isFast ? 'npm-fast' : 'npm';
    const flags = rustFlags(isFast ? FOR_SPEED : []);
    const cargo = ['rustc', '--profile', profile, '--target', WASM_TARGET, '--target-dir', targetDir, '--lib', ...AS_MODULE, '-p', 'portcullis', '--features', `js-${name}`];
    await run('cargo', [...cargo, ...flags], { help: CARGO_HELP });
    await bind(join(targetDir, WASM_TARGET, profile, 'portcullis.wasm'), staging, name, { optimized: true, isBare: true, isSmall: !isFast });
    const wasm = await readFile(join(staging, `${name}_bg.wasm`));
    await writeFile(join(staging, `${name}_inline.js`), `export const base64 =\n  '${wasm.toString('base64')}';\n`);
  }
  // Their types are written by hand; those that could be generated say nothing.
  await cp(join(ROOT, 'src/host/js/types/dist'), staging, { recursive: true });
  await replace(PACKAGE_DIR, staging);
  for (const license of ['LICENSE-MIT', 'LICENSE-APACHE']) await copyFile(join(ROOT, license), join(ROOT, 'npm', license));

  console.log(`built ${relative(ROOT, PACKAGE_DIR)} (npm) in ${secondsSince(started)} s`);
  await printSizes(PACKAGE_DIR, PACKAGE_MODULES.map((name) => `${name}_bg.wasm`));
  return PACKAGE_DIR;
}

/**
 * Keeps the folders of the machine that builds out of what it builds: panic messages name the source file they come from.
 * Cargo adds this to the flags in `.cargo/config.toml`.
 *
 * @param {string[]} more flags of this build alone
 * @returns {string[]}
 */
function rustFlags(more = []) {
  const crates = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry/src/');
  const toolchains = join(process.env.RUSTUP_HOME ?? join(homedir(), '.rustup'), 'toolchains/');
  const flags = [[crates, 'crates/'], [toolchains, 'rust/'], [`${ROOT}/`, '']].map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return ['--config', `target.${WASM_TARGET}.rustflags=${JSON.stringify([...flags, ...more])}`];
}

/**
 * An empty folder beside the one that it is for.
 *
 * @param {string} outDir
 */
async function emptyStaging(outDir) {
  const staging = `${outDir}.new`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  return staging;
}

/**
 * Turns compiled Wasm into a module that JavaScript can load.
 *
 * @param {string} wasm
 * @param {string} staging
 * @param {string} name
 * @param {{ optimized: boolean, isBare?: boolean, isSmall?: boolean }} options `isBare`: no script comes with it, since it takes and gives
 *   numbers only, and a panic is a trap and nothing else; `isSmall`: of two ways to write something the shorter one, and not the quicker one
 */
async function bind(wasm, staging, name, { optimized, isBare = false, isSmall = false }) {
  const xtask = ['run', '--quiet', '--manifest-path', join(ROOT, 'xtask/Cargo.toml'), '--'];
  const path = join(staging, `${name}_bg.wasm`);
  await run('cargo', [...xtask, isBare ? 'bindgen-bare' : 'bindgen', wasm, staging, name]);
  if (isBare) await trapAtPanics(path, { sharesDrops: isSmall });
  else await dropClasses(join(staging, `${name}.js`));
  // Up to how many instructions functions are inlined.
  if (optimized) await optimize(path, [...WASM_OPT_FLAGS, `--always-inline-max-function-size=${isSmall ? 2 : 5}`]);
  if (isBare) await checkImports(path);
}

/**
 * What the loop has for a module is the headers of a request (`npm/instance.js`); whatever else were imported would need a script again.
 *
 * @param {string} path
 */
async function checkImports(path) {
  const imported = WebAssembly.Module.imports(new WebAssembly.Module(await readFile(path)));
  const odd = imported.find(({ module }) => module !== 'host');
  if (odd) throw new ToolError(`${path}: \`${odd.name}\` is imported from \`${odd.module}\`, expected \`host\` alone; see src/host/js/request.rs`);
}

/**
 * Puts a build in place: whoever reads the folder finds the old one or the new one, never half of each.
 *
 * @param {string} outDir
 * @param {string} staging
 */
async function replace(outDir, staging) {
  await rm(outDir, { recursive: true, force: true });
  await rename(staging, outDir);
}

/** @param {number} started */
function secondsSince(started) {
  return ((performance.now() - started) / 1000).toFixed(1);
}

/**
 * Runs binaryen's wasm-opt in place. It takes seconds, so its result is kept under the hash of its input.
 *
 * @param {string} path
 * @param {string[]} flags
 */
async function optimize(path, flags) {
  const binaryen = join(ROOT, 'node_modules/binaryen');
  const { version } = JSON.parse(await readFile(join(binaryen, 'package.json'), 'utf8').catch(() => {
    throw new ToolError('npm packages are missing\nhelp: run `node tools/setup.mjs`, or `npm ci`');
  }));
  const hash = createHash('sha256').update(await readFile(path)).update([version, ...flags].join(' ')).digest('hex');
  const kept = join(TARGET_DIR, 'wasm-opt', `${hash}.wasm`);
  try {
    await copyFile(kept, path);
  } catch {
    await mkdir(join(TARGET_DIR, 'wasm-opt'), { recursive: true });
    await run(process.execPath, [join(binaryen, 'bin/wasm-opt'), ...flags, path, '-o', `${kept}.new`]);
    await rename(`${kept}.new`, kept);
    await copyFile(kept, path);
  }
}

/**
 * Writes the Worker's entry: the shim, which imports a module that the gate imports too, from where wasm-bindgen has put it.
 *
 * @param {string} staging
 */
async function writeEntry(staging) {
  const tasks = (await readdir(staging, { recursive: true })).find((file) => basename(file) === 'tasks.mjs');
  const shim = await readFile(join(ROOT, 'src/host/worker/shim.mjs'), 'utf8');
  if (tasks === undefined || !shim.includes("'./tasks.mjs'")) throw new ToolError('the shim does not import the tasks.mjs that the gate imports; see writeEntry in tools/build.mjs');
  await writeFile(join(staging, 'index.js'), shim.replace("'./tasks.mjs'", `'./${tasks.replaceAll('\\', '/')}'`));
}

/**
 * Takes the classes out of a generated script; their exports are gone from the Wasm.
 *
 * @param {string} path
 */
async function dropClasses(path) {
  const script = await readFile(path, 'utf8');
  const kept = script
    .replace(/^export class [^]*?^}\nif \(Symbol\.dispose\).*\n/gm, '')
    .replace(/^const \w+Finalization = [^]*?^}\);\n/gm, '');
  if (/^export class|Finalization\b/m.test(kept)) throw new ToolError(`${path}: its classes are not written as they were; see dropClasses in tools/build.mjs`);
  await writeFile(path, kept);
}

/**
 * The scripts of a build, by their paths within it.
 *
 * @param {string} dir
 */
async function scriptsIn(dir) {
  return (await readdir(dir, { recursive: true })).filter((file) => /\.m?js$/.test(file)).sort();
}

/**
 * Takes comments and long names out of a module; the names of its exports stay.
 *
 * @param {string} path
 * @param {{ keepsNames: boolean }} options `keepsNames`: of functions too, by which profiles tell them apart
 */
async function minify(path, { keepsNames }) {
  // Here, so that a missing package is told by `optimize`, with what helps.
  const { transform } = await import('esbuild');
  const less = { minifyWhitespace: true, minifySyntax: true, minifyIdentifiers: !keepsNames };
  const { code } = await transform(await readFile(path, 'utf8'), { format: 'esm', ...less, legalComments: 'none' });
  await writeFile(path, code);
}

/**
 * @param {string} outDir
 * @param {string[]} files
 */
async function printSizes(outDir, files) {
  let total = 0;
  for (const file of files) {
    const bytes = await readFile(join(outDir, file));
    const gzipped = gzipSync(bytes, { level: 9 }).length;
    total += gzipped;
    console.log(`  ${basename(file).padEnd(20)} ${kilobytes(bytes.length)}  ${kilobytes(gzipped)} gzipped`);
  }
  console.log(`  ${'all'.padEnd(20)} ${''.padStart(10)}  ${kilobytes(total)} gzipped`);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(7)} KB`;
}

await runAsScript(import.meta.url, async () => {
  const [what, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || ![undefined, '--dev', '--worker'].includes(what)) {
    throw new ToolError(`unknown arguments \`${[what, ...rest].join(' ')}\`; usage: node tools/build.mjs [--dev | --worker]`);
  }
  // `npm run build` and `wrangler deploy` may be the first thing that a checkout is asked for.
  await installWasmTarget();
  await buildWorker({ dev: what === '--dev' });
  if (what === undefined) await buildPackage();
});
