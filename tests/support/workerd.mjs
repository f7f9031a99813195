// Runs the built Worker in a workerd of its own, without anything in between: what goes over the socket is what the Worker sees.

import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { RELEASE_DIR } from '../../tools/build.mjs';
import { environment } from './environment.mjs';

const COMPATIBILITY_DATE = '2026-04-01';
const START_LIMIT_MS = 20_000;
/** A data set as the platform binds it, as far as a Worker sees it. */
const ANALYTICS_MODULE = 'export default () => ({ writeDataPoint: (point) => console.log(`point ${JSON.stringify(point)}`) });';

/** The platform's rate-limiting binding as miniflare has it: counters in memory, the interface of the real one. */
const RATE_LIMIT_FILE = 'dist/src/workers/ratelimit/ratelimit.worker.js';
/** Counters of another Worker, bound as a service: one for each way of being out of order, and one that counts three. */
const LIMITERS_MODULE = `import { WorkerEntrypoint } from 'cloudflare:workers';
const limiter = (limit) => class extends WorkerEntrypoint { limit(options) { return limit(options); } };
const counts = new Map();
export const throws = limiter(() => { throw new Error('no counters today'); });
export const silent = limiter(() => scheduler.wait(3_600_000));
export const vague = limiter(() => ({ success: 'yes' }));
export const counting = limiter(({ key }) => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return { success: counts.get(key) <= 3 };
});
export default { fetch: () => new Response(null, { status: 404 }) };`;

/** The workerd binary that npm installed. */
export function workerdBinary() {
  const require = createRequire(import.meta.url);
  return require('workerd').default;
}

/**
 * @typedef {object} Running
 * @property {string} url where it listens, without a slash at the end
 * @property {number} port
 * @property {number} pid
 * @property {() => number} inspectorPort where V8's inspector listens, if `--inspector-addr` was given
 * @property {() => string} log everything that it printed so far
 * @property {() => Promise<void>} stop
 */

/** @typedef {{ limit: number } | 'throws' | 'silent' | 'vague' | 'counting'} RateLimiter its limit for a minute, or one of another Worker's */

/**
 * Starts the Worker.
 *
 * @param {object} options
 * @param {Record<string, string | object>} options.env plain variables (text) and tables (objects)
 * @param {{ name: string, address: string }} [options.binding] a service binding, and `host:port` of the server behind it
 * @param {string} [options.database] `host:port` of the door to a D1 database, which is bound as `PORTCULLIS_DB`
 * @param {boolean} [options.analytics] bind a data set `ANALYTICS`, whose points are printed as `point {…}`
 * @param {Record<string, RateLimiter>} [options.rateLimits] rate-limiting bindings
 * @param {string} [options.routeOrigin] `host:port` of the server that gets whatever the Worker fetches, as the origin of its route
 * @param {boolean} [options.isBoundToItself] bind the Worker to itself, as `SELF`: a request to it that its caller no longer waits for is cancelled
 * @param {boolean} [options.wholeUrls] that server gets the whole URL in the request line, as proxies do
 * @param {string} [options.dir] the folder with the built modules
 * @param {string[]} [options.args] more arguments for workerd
 * @param {string[]} [options.v8Flags]
 * @returns {Promise<Running>}
 */
export async function startWorker({ env, binding, routeOrigin, wholeUrls = false, isBoundToItself = false, database, analytics = false, rateLimits = {}, dir = RELEASE_DIR, args = [], v8Flags = [] }) {
  const temporary = await mkdtemp(join(tmpdir(), 'portcullis-workerd-'));
  // Embedded files are named relative to the configuration.
  await copyBuild(dir, join(temporary, 'modules'));
  const bindings = Object.entries(env)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      typeof value === 'string'
        ? `(name = ${capnpText(name)}, text = ${capnpText(value)})`
        : `(name = ${capnpText(name)}, json = ${capnpText(JSON.stringify(value))})`,
    );
  const services = [
    '(name = "gate", worker = .gate)',
    '(name = "internet", network = (allow = ["public", "private", "local"]))',
    '(name = "limiters", worker = .limiters)',
  ];
  if (binding) {
    services.push(`(name = "bound", external = (address = ${capnpText(binding.address)}, http = ()))`);
    bindings.push(`(name = ${capnpText(binding.name)}, service = "bound")`);
  }
  if (database) {
    services.push(`(name = "database", external = (address = ${capnpText(database)}, http = ()))`);
    const inner = '(name = "fetcher", service = "database")';
    bindings.push(`(name = "PORTCULLIS_DB", wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [${inner}]))`);
  }
  if (analytics) bindings.push('(name = "ANALYTICS", wrapped = (moduleName = "test:analytics", innerBindings = []))');
  for (const [name, limiter] of Object.entries(rateLimits)) {
    if (typeof limiter === 'string') {
      bindings.push(`(name = ${capnpText(name)}, service = (name = "limiters", entrypoint = "${limiter}"))`);
      continue;
    }
    const inner = [
      `(name = "namespaceId", text = ${capnpText(name)})`, `(name = "limit", json = ${capnpText(String(limiter.limit))})`, '(name = "period", json = "60")',
    ];
    bindings.push(`(name = ${capnpText(name)}, wrapped = (moduleName = "test:ratelimit", innerBindings = [ ${inner.join(', ')} ]))`);
  }
  if (isBoundToItself) bindings.push('(name = "SELF", service = "gate")');
  if (routeOrigin) services.push(`(name = "route", external = (address = ${capnpText(routeOrigin)}, http = (${wholeUrls ? 'style = proxy' : ''})))`);
  const miniflare = join(dirname(createRequire(import.meta.url).resolve('miniflare')), '../..');
  const extensions = Object.entries({
    'test:analytics': ANALYTICS_MODULE,
    'test:ratelimit': await readFile(join(miniflare, RATE_LIMIT_FILE), 'utf8'),
  }).map(([name, source]) => `(name = "${name}", internal = true, esModule = ${capnpText(source)})`);
  const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ ${services.join(', ')} ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "gate") ],
  extensions = [ (modules = [ ${extensions.join(', ')} ]) ],
  v8Flags = [ ${v8Flags.map(capnpText).join(', ')} ],
);
const gate :Workerd.Worker = (
  modules = [ ${(await modulesOf(join(temporary, 'modules'))).join(',\n    ')} ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [ ${bindings.join(',\n    ')} ],
  globalOutbound = "${routeOrigin ? 'route' : 'internet'}",
);
const limiters :Workerd.Worker = (
  modules = [ (name = "limiters.js", esModule = ${capnpText(LIMITERS_MODULE)}) ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
);
`;
  const file = join(temporary, 'config.capnp');
  await writeFile(file, config);

  // capnp looks for an absolute path below its import paths, so the root has to be one.
  const child = spawn(workerdBinary(), ['serve', file, '--import-path=/', '--control-fd=3', ...args], { env: environment(), stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let control = '';
  const port = await new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`workerd did not start in ${START_LIMIT_MS} ms:\n${printed}`)), START_LIMIT_MS);
    child.stdio[3].on('data', (chunk) => {
      control += chunk;
      const listening = /"event":"listen".*"port":(\d+)/.exec(control);
      if (listening) {
        clearTimeout(limit);
        resolve(Number(listening[1]));
      }
    });
    exited.then((code) => reject(new Error(`workerd ended with ${code}:\n${printed}`)));
  }).catch(async (error) => {
    child.kill('SIGKILL');
    await rm(temporary, { recursive: true, force: true });
    throw error;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    inspectorPort: () => Number(/"event":"listen-inspector".*"port":(\d+)/.exec(control)?.[1]),
    log: () => printed,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(temporary, { recursive: true, force: true });
    },
  };
}

/**
 * Copies a build, so that one that goes on beside does not change what runs. It takes the old folder away just before it puts the new one
 * in its place: a copy from that moment has holes, and is made again.
 *
 * @param {string} dir
 * @param {string} copy
 */
async function copyBuild(dir, copy) {
  for (let tries = 1; ; tries += 1) {
    const before = await stat(dir).catch(() => undefined);
    try {
      await cp(dir, copy, { recursive: true });
      if (before && (await stat(dir)).ino === before.ino) return;
    } catch (error) {
      if (tries === 50) throw error;
    }
    await rm(copy, { recursive: true, force: true });
    await sleep(100);
  }
}

/** Every file of a build as a workerd module, the entry first. */
async function modulesOf(dir) {
  const files = (await readdir(dir, { recursive: true })).filter((file) => /\.(m?js|wasm)$/.test(file));
  files.sort((a, b) => Number(b === 'index.js') - Number(a === 'index.js'));
  return files.map((file) => {
    const kind = file.endsWith('.wasm') ? 'wasm' : 'esModule';
    return `(name = ${capnpText(file)}, ${kind} = embed ${capnpText(`modules/${file}`)})`;
  });
}

function capnpText(text) {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r')}"`;
}
