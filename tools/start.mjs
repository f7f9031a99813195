// `npm start`: installs what is missing, builds, and serves the demo app behind the gate until Ctrl-C.
//
//   npm start -- [--port 8787] [--identity-port 8788] [--origin-port 8789]

import { parseArgs } from 'node:util';

import { takeCheckout } from './only-one.mjs';
import { PORTS, assertPortIsFree, choosePort } from './ports.mjs';
import { ToolError, runAsScript } from './run.mjs';
import { setup } from './setup.mjs';

await runAsScript(import.meta.url, async () => {
  const started = performance.now();
  const ports = readPorts();
  for (const part of /** @type {import('./ports.mjs').Part[]} */ (Object.keys(PORTS))) await assertPortIsFree(part, ports[part]);
  await takeCheckout(`http://localhost:${ports.gate}`);
  await setup();

  // Only now: it stands on npm packages.
  const { startStack } = await import('./stack.mjs');
  console.log('building the gate; the first time takes a minute or two');
  const signalled = untilSignal();
  const stack = await Promise.race([
    startStack({
      ports,
      onExit: (code) => {
        console.error(`\nwrangler ended with exit code ${code}`);
        process.exit(1);
      },
    }),
    signalled,
  ]);
  if (!stack) return process.exit(130); // Ctrl-C while it was starting
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(banner(stack, seconds));
  await signalled;
  console.log('\nstopping');
  await stack.stop();
  process.exit(0);
});

function readPorts() {
  const names = Object.values(PORTS).map(({ flag }) => flag.slice(2));
  const options = Object.fromEntries(names.map((name) => [name, { type: /** @type {const} */ ('string') }]));
  let flags;
  try {
    flags = parseArgs({ options }).values;
  } catch (error) {
    const usage = names.map((name) => `[--${name} N]`).join(' ');
    throw new ToolError(`${/** @type {Error} */ (error).message}\nusage: npm start -- ${usage}`);
  }
  return { gate: choosePort('gate', flags), identity: choosePort('identity', flags), origin: choosePort('origin', flags) };
}

/**
 * Resolves at the first signal to end, or when the parent has gone: npm hands SIGTERM only to the shell between. The handlers
 * stay: Ctrl-C may arrive twice, from the terminal and from npm, and the second must not cut the stopping short.
 *
 * @returns {Promise<undefined>}
 */
function untilSignal() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(undefined));
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      resolve(undefined);
    }, 500);
    watch.unref();
  });
}

/**
 * @param {{ gateUrl: string, demo: { url: string }, identity: { url: string } | undefined }} stack
 * @param {string} seconds
 */
function banner({ gateUrl, demo, identity }, seconds) {
  const signIn = identity
    ? `${identity.url}  the development identity: sign in as user or admin, no account`
    : 'your Clerk instance, with the keys in .dev.vars; the development identity is not running';
  return `
  The gate     ${gateUrl}  open this one
  the app      ${demo.url}  the demo behind it, in www/
  signing in   ${signIn}

  Ready after ${seconds} s. A change in src/ is live in seconds. Ctrl-C ends everything.
`;
}
