// Which ports to use, and what to say when one is taken.

import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

import { ToolError } from './run.mjs';

/** @typedef {'gate' | 'identity' | 'origin'} Part */

/** @type {Record<Part, { what: string, port: number, flag: string, variable: string }>} */
export const PORTS = {
  gate: { what: 'the gate', port: 8787, flag: '--port', variable: 'PORTCULLIS_PORT' },
  identity: { what: 'the development identity', port: 8788, flag: '--identity-port', variable: 'PORTCULLIS_IDENTITY_PORT' },
  origin: { what: 'the demo app', port: 8789, flag: '--origin-port', variable: 'PORTCULLIS_ORIGIN_PORT' },
};

/**
 * Returns the port of a part: from its flag, else its environment variable, else its default.
 *
 * @param {Part} part
 * @param {Record<string, string | boolean | undefined>} flags as `parseArgs` gives them
 * @param {Record<string, string | undefined>} [variables]
 */
export function choosePort(part, flags, variables = process.env) {
  const { port, flag, variable } = PORTS[part];
  const chosen = flags[flag.slice(2)] ?? variables[variable];
  if (chosen === undefined || chosen === '') return port;
  const number = Number(chosen);
  if (Number.isInteger(number) && number > 0 && number < 65536) return number;
  throw new ToolError(`invalid port \`${chosen}\` for ${PORTS[part].what}: expected a number from 1 to 65535`);
}

/**
 * Throws, naming the port and the way to another, when it is taken.
 *
 * @param {Part} part
 * @param {number} port
 * @param {string} [alone] the flag, where the part is started alone
 */
export async function assertPortIsFree(part, port, alone) {
  const taken = (await Promise.all(['127.0.0.1', '::1'].map((host) => isTaken(port, host)))).includes(true);
  if (!taken) return;
  const { what, flag, variable } = PORTS[part];
  const other = port + 10 < 65536 ? port + 10 : port - 10;
  const way = alone ? `${alone} ${other}` : `npm start -- ${flag} ${other}`;
  throw new ToolError(`port ${port}, for ${what}, is in use\nhelp: choose another with \`${way}\`, or in ${variable}`);
}

/**
 * The arguments of a part that is started alone: its port, which has to be free, and where the gate is.
 *
 * @param {Part} part
 */
export async function readServerArguments(part) {
  /** @type {{ port?: string, gate: string }} */
  let flags;
  try {
    flags = parseArgs({ options: { port: { type: 'string' }, gate: { type: 'string', default: 'http://localhost:8787' } } }).values;
  } catch (error) {
    throw new ToolError(`${/** @type {Error} */ (error).message}\nusage: node ${process.argv[1]} [--port N] [--gate http://localhost:8787]`);
  }
  const port = choosePort(part, { [PORTS[part].flag.slice(2)]: flags.port });
  await assertPortIsFree(part, port, '--port');
  return { port, gate: flags.gate };
}

/** Returns a port that is free at the moment. */
export async function freePort() {
  for (;;) {
    const port = await new Promise((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
        server.close(() => resolve(port));
      });
    });
    if (!(await isTaken(port, '::1'))) return port;
  }
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
function isTaken(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(/** @type {any} */ (error).code === 'EADDRINUSE'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(false)));
  });
}
