// The gate under `wrangler dev`, the demo app behind it, and the development identity beside it: started and ended together.

import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { startDemo } from '../www/server.mjs';
import { buildWorker } from './build.mjs';
import { ownSecrets, realInstance, writeDevConfig } from './dev-config.mjs';
import { ROOT, ToolError } from './run.mjs';

/** How long the gate may take from its start to its first answer, in milliseconds; the Worker is built by then. */
const READY_MILLIS = 60_000;
/** How long wrangler may take to end before it is killed, in milliseconds. */
const END_MILLIS = 5_000;

/**
 * Builds the Worker and starts everything; resolves when the gate answers.
 *
 * @param {object} options
 * @param {{ gate: number, identity: number, origin: number }} options.ports
 * @param {boolean} [options.test] for tests: what would deploy instead of a quick build, the development identity whatever
 *   `.dev.vars` holds, and wrangler's output only when it fails
 * @param {number} [options.tokenLifetimeSeconds] how long the development identity's session tokens live
 * @param {(code: number | null) => void} [options.onExit] wrangler ended by itself
 */
export async function startStack({ ports, test = false, tokenLifetimeSeconds, onExit = () => {} }) {
  const gateOrigin = `http://localhost:${ports.gate}`;
  /** @type {(() => unknown)[]} */
  const undo = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const real = test ? undefined : await realInstance();
    const identity = real ? undefined : await startDevelopmentIdentity({ port: ports.identity, gateOrigin, tokenLifetimeSeconds });
    if (identity) undo.push(identity.stop);
    const instance = real ?? developmentInstance(/** @type {any} */ (identity));
    const demo = await startDemo({ port: ports.origin, gateOrigin, signInUrl: instance.signInUrl, signOutUrl: instance.signOutUrl });
    undo.push(demo.stop);

    const dir = join(ROOT, '.wrangler', test ? 'portcullis-test' : 'portcullis-dev');
    const workerDir = await buildWorker({ dev: !test });
    const config = await writeDevConfig({ dir, instance, gateOrigin, originUrl: demo.url, workerDir, rebuild: !test });
    undo.push(config.remove);
    const own = test ? undefined : ownSecrets();
    const wrangler = startWrangler({
      config: config.config,
      envFiles: own ? [config.secrets, own] : [config.secrets],
      port: ports.gate,
      dir,
      quiet: test,
      onExit,
    });
    undo.push(wrangler.stop);
    await untilReady(gateOrigin, wrangler);
    return { gateUrl: gateOrigin, demo, identity, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Imported only here, and only when it is needed: with real keys nothing of it is even loaded.
 *
 * @param {{ port: number, gateOrigin: string, tokenLifetimeSeconds?: number }} options
 */
async function startDevelopmentIdentity(options) {
  const [{ startIdentity }, { assertDevelopmentMachine }] = await Promise.all([import('../dev-identity/server.mjs'), import('../dev-identity/loopback.mjs')]);
  try {
    assertDevelopmentMachine(process.env);
  } catch (error) {
    throw new ToolError(`${/** @type {Error} */ (error).message}\nhelp: unset the variable, or put your own instance's keys into .dev.vars`);
  }
  return startIdentity(options);
}

/**
 * @param {Awaited<ReturnType<typeof startDevelopmentIdentity>>} identity
 * @returns {import('./dev-config.mjs').Instance}
 */
function developmentInstance({ url, publishableKey, secretKey }) {
  return {
    signInUrl: `${url}/sign-in`,
    signUpUrl: `${url}/sign-up`,
    signOutUrl: `${url}/sign-out`,
    vars: { CLERK_PUBLISHABLE_KEY: publishableKey, CLERK_PROXY_URL: url, CLERK_API_URL: url },
    secrets: { CLERK_SECRET_KEY: secretKey },
  };
}

/**
 * @param {object} options
 * @param {string} options.config
 * @param {string[]} options.envFiles
 * @param {number} options.port
 * @param {string} options.dir for its state and logs
 * @param {boolean} options.quiet
 * @param {(code: number | null) => void} options.onExit
 */
function startWrangler({ config, envFiles, port, dir, quiet, onExit }) {
  const script = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
  const args = [script, 'dev', '--config', config, '--port', String(port), '--inspector-port', '0'];
  args.push('--persist-to', join(dir, 'state'), '--show-interactive-dev-session=false');
  for (const file of envFiles) args.push('--env-file', file);
  const settings = { WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: join(dir, 'logs'), CLOUDFLARE_CF_FETCH_ENABLED: 'false' };
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...settings },
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    detached: true, // a process group of its own, so that its children end with it
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));

  let stopping = false;
  const ended = new Promise((resolve) => {
    child.on('exit', (code) => {
      resolve(code);
      if (!stopping) onExit(code);
    });
  });
  const signalGroup = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      process.kill(-(/** @type {number} */ (child.pid)), signal);
    } catch {
      // already gone
    }
  };
  const killOnExit = () => signalGroup('SIGKILL');
  process.on('exit', killOnExit);

  return {
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    output: () => output,
    stop: async () => {
      stopping = true;
      signalGroup('SIGINT');
      const timer = setTimeout(() => signalGroup('SIGKILL'), END_MILLIS);
      await ended;
      clearTimeout(timer);
      signalGroup('SIGKILL'); // whatever it left behind
      process.off('exit', killOnExit);
    },
  };
}

/**
 * @param {string} gateOrigin
 * @param {{ hasEnded(): boolean, output(): string }} wrangler
 */
async function untilReady(gateOrigin, wrangler) {
  const deadline = Date.now() + READY_MILLIS;
  const health = `${gateOrigin}/.well-known/portcullis/health`;
  while (Date.now() < deadline && !wrangler.hasEnded()) {
    const answer = await fetch(health, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const what = wrangler.hasEnded() ? '`wrangler dev` ended' : `the gate did not answer at ${health}`;
  throw new ToolError(`${wrangler.output()}\n${what} before it was ready\nhelp: the lines above say why`);
}
