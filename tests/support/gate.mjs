// The whole of a deployment on this machine: the Worker in workerd, an origin behind it, and a Clerk instance beside it.

import { connect } from 'node:net';

import { PARTY, PUBLISHABLE_KEY, SECRET_KEY, startClerk } from './clerk.mjs';
import { startOrigin } from './origin.mjs';
import { startWorker } from './workerd.mjs';

/** The policy of the README. */
export const POLICY = {
  authorized_parties: [PARTY],
  sign_in_url: '/sign-in',
  sign_up_url: '/sign-up',
  unauthorized_url: '/unauthorized',
  default: 'protected',
  public: ['/', '/sign-in/:path*', '/sign-up/:path*', '/unauthorized', '/api/webhooks/:path*', '/api/public/:path*'],
  protected: ['/dashboard(.*)', '/settings(.*)', '/api/protected(.*)'],
  admin: ['/admin(.*)', '/api/admin(.*)'],
  admin_requires: { claim: 'metadata.role', equals: 'admin' },
  api: ['/api(.*)', '/trpc(.*)'],
  static_files: 'public',
  rules: [{ match: '/api/billing/:path*', methods: ['POST', 'PUT', 'DELETE'], require: { permission: 'org:billing:manage' } }],
};

/**
 * Starts everything.
 *
 * @param {object} [options]
 * @param {Record<string, unknown>} [options.policy] laid over {@link POLICY}; a value of `undefined` takes a setting out
 * @param {Record<string, string | undefined> | ((clerk: Awaited<ReturnType<typeof startClerk>>) => Record<string, string | undefined>)} [options.env]
 *   laid over the ordinary variables
 * @param {'address' | 'ORIGIN' | 'ASSETS' | 'route'} [options.reach] how the gate gets to the origin: by its address, by a binding, or
 *   as the origin of the gate's own route
 * @param {string} [options.assets] `host:port` of a server that is bound as `ASSETS` beside the origin
 * @param {string} [options.database] `host:port` of the door to a D1 database
 * @param {boolean} [options.analytics] bind a data set `ANALYTICS`, whose points are printed
 * @param {string} [options.dir] the folder with the Worker's modules, where it is not the built one
 * @param {Record<string, import('./workerd.mjs').RateLimiter>} [options.rateLimits] rate-limiting bindings
 * @param {boolean} [options.isBoundToItself] bind the Worker to itself, as `SELF`
 * @param {string[]} [options.v8Flags]
 */
export async function startGate({ policy = {}, env = {}, reach = 'address', analytics = false, assets, database, rateLimits, dir, isBoundToItself, v8Flags } = {}) {
  const [clerk, origin] = await Promise.all([startClerk(), startOrigin()]);
  const table = { ...POLICY, ...(reach === 'address' ? { origin: origin.url } : {}), ...policy };
  const worker = await startWorker({
    env: {
      CLERK_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
      CLERK_SECRET_KEY: SECRET_KEY,
      // Where every fetch goes to the origin, the Backend API cannot be asked.
      ...(reach === 'route' ? { CLERK_JWT_KEY: clerk.pem } : { CLERK_API_URL: clerk.url }),
      PORTCULLIS: table,
      ...(typeof env === 'function' ? env(clerk) : env),
    },
    binding: assets ? { name: 'ASSETS', address: assets } : reach === 'ORIGIN' || reach === 'ASSETS' ? { name: reach, address: `127.0.0.1:${origin.port}` } : undefined,
    database,
    analytics,
    rateLimits,
    dir,
    isBoundToItself,
    v8Flags,
    routeOrigin: reach === 'route' ? `127.0.0.1:${origin.port}` : undefined,
  }).catch(async (error) => {
    await Promise.all([origin.stop(), clerk.stop()]);
    throw error;
  });
  return {
    clerk,
    origin,
    worker,
    url: worker.url,
    /**
     * One request; redirects are not followed.
     *
     * @param {string} path
     * @param {RequestInit & { token?: string, cookies?: string, document?: boolean }} [init]
     */
    request: (path, { token, cookies, document = false, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (token) headers.set('authorization', `Bearer ${token}`);
      if (cookies) headers.set('cookie', cookies);
      if (document) {
        headers.set('accept', 'text/html,application/xhtml+xml');
        headers.set('sec-fetch-dest', 'document');
      }
      return fetch(worker.url + path, { redirect: 'manual', ...init, headers });
    },
    /** One request, byte for byte; gives the status line's code and everything that came back. @param {string} head */
    raw: (head) => raw(worker.port, head),
    stop: () => Promise.all([worker.stop(), origin.stop(), clerk.stop()]),
  };
}

/**
 * Starts a gate for one test, and stops it whatever comes of that.
 *
 * @param {Parameters<typeof startGate>[0]} options
 * @param {(gate: Awaited<ReturnType<typeof startGate>>) => Promise<unknown>} run
 */
export async function withGate(options, run) {
  const gate = await startGate(options);
  try {
    await run(gate);
  } finally {
    await gate.stop();
  }
}

/**
 * @param {number} port
 * @param {string} head
 * @returns {Promise<{ status: number, text: string }>}
 */
export function raw(port, head) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy());
    // A server that refuses a request early may hang up on the rest of it: what it said before counts.
    socket.on('error', (error) => (/** @type {any} */ (error).code === 'ECONNRESET' ? undefined : reject(error)));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text }));
    socket.end(Buffer.from(head, 'latin1'));
  });
}

/** Cookies of a signed-in browser on a development instance. @param {string} token @param {number} [clientUat] */
export function sessionCookies(token, clientUat = Math.floor(Date.now() / 1000) - 60) {
  return `__clerk_db_jwt=dvb_test; __client_uat=${clientUat}; __session=${token}`;
}

/** Cookies of a browser that is known and signed out. */
export const SIGNED_OUT_COOKIES = '__clerk_db_jwt=dvb_test; __client_uat=0';
