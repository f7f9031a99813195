// What keeps the development identity on this machine: where it may listen, whom it may send a browser to, where it must not run.

import { createServer } from 'node:http';

/** Set by the places that build and host deployed apps; no development identity belongs there. */
const HOSTING_VARIABLES = ['CF_PAGES', 'WORKERS_CI', 'VERCEL', 'NETLIFY', 'AWS_LAMBDA_FUNCTION_NAME', 'K_SERVICE'];

/**
 * Throws where a development identity has no business: it signs anyone in.
 *
 * @param {Record<string, string | undefined>} env
 */
export function assertDevelopmentMachine(env) {
  if (env.NODE_ENV === 'production') {
    throw new Error('the development identity signs anyone in, so it does not start with NODE_ENV=production');
  }
  const hosting = HOSTING_VARIABLES.find((name) => env[name]);
  if (hosting) throw new Error(`the development identity signs anyone in, so it does not start on a host that sets ${hosting}`);
}

/**
 * True for `localhost`, names under it, and loopback addresses, as `URL.hostname` spells them.
 *
 * @param {string} hostname
 */
export function isLoopbackHostname(hostname) {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Returns the URL when a browser may be sent there, else `undefined`: absolute, http or https, on this machine.
 *
 * @param {string | null | undefined} text
 */
export function parseLoopbackUrl(text) {
  if (!text || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const web = url.protocol === 'http:' || url.protocol === 'https:';
  return web && !url.username && !url.password && isLoopbackHostname(url.hostname) ? url : undefined;
}

/**
 * Serves on 127.0.0.1, and on ::1 where there is one, since `localhost` may mean either; never on another address.
 *
 * @param {import('node:http').RequestListener} listener
 * @param {number} port 0 takes a free one
 * @returns {Promise<{ port: number, stop(): Promise<void> }>} rejects with `code: 'EADDRINUSE'` when the port is taken
 */
export async function serveOnLoopback(listener, port) {
  for (let attempt = 1; ; attempt += 1) {
    const first = await listen(listener, port, '127.0.0.1');
    const taken = /** @type {import('node:net').AddressInfo} */ (first.address()).port;
    try {
      const second = await listen(listener, taken, '::1').catch((error) => {
        if (error.code === 'EADDRINUSE') throw error;
        return undefined; // this machine has no IPv6
      });
      const servers = second ? [first, second] : [first];
      return {
        port: taken,
        stop: async () => {
          await Promise.all(servers.map(close));
        },
      };
    } catch (error) {
      await close(first);
      if (port !== 0 || attempt === 10) throw error;
    }
  }
}

/**
 * @param {import('node:http').RequestListener} listener
 * @param {number} port
 * @param {string} host
 * @returns {Promise<import('node:http').Server>}
 */
function listen(listener, port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer(listener);
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}

/** @param {import('node:http').Server} server */
function close(server) {
  return new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
}
