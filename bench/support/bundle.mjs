// Builds what is measured: small Workers, each bundled and minified as an app would deploy it.

import { cp, mkdtemp, readFile, readdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { RELEASE_DIR } from '../../tools/build.mjs';
import { ROOT } from '../../tools/run.mjs';

/**
 * Bundles a module for workerd into a temporary folder, `index.js` being its entry; the caller removes the folder.
 *
 * @param {string} entry a path from the repository's root
 * @param {object} [options]
 * @param {boolean} [options.withWorker] puts the built Worker beside it, as `./portcullis-entry.js` and `./portcullis.js`
 * @param {boolean} [options.isReadable] keeps the names, for a profile
 */
export async function bundle(entry, { withWorker = false, isReadable = false } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'portcullis-bench-'));
  if (withWorker) {
    await cp(RELEASE_DIR, dir, { recursive: true });
    await rename(join(dir, 'index.js'), join(dir, 'portcullis-entry.js'));
  }
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile: join(dir, 'index.js'),
    bundle: true,
    format: 'esm',
    minify: !isReadable,
    external: ['./portcullis-entry.js', './portcullis.js', 'node:*'],
    conditions: ['workerd', 'worker'],
    // The package's Wasm becomes a module of its own, as wrangler makes it; its name has a hash, the Worker's has none.
    loader: { '.wasm': 'copy' },
    assetNames: '[name]-[hash]',
    logLevel: 'error',
  });
  return dir;
}

/** Bytes of all modules in a folder, each gzipped. @param {string} dir @param {(file: string) => boolean} [isCounted] */
export async function gzippedBytes(dir, isCounted = () => true) {
  let total = 0;
  for (const file of await readdir(dir, { recursive: true })) {
    if (/\.(m?js|wasm)$/.test(file) && isCounted(file)) total += gzipSync(await readFile(join(dir, file)), { level: 9 }).length;
  }
  return total;
}
