// The development identity: a small local server that plays Clerk's part for one instance with freshly made keys.
//
//   node dev-identity/server.mjs [--port 8788] [--gate http://localhost:8787]

import { readServerArguments } from '../tools/ports.mjs';
import { ToolError, runAsScript } from '../tools/run.mjs';
import { backendApi } from './backend-api.mjs';
import { frontendApi } from './frontend-api.mjs';
import { createInstance } from './instance.mjs';
import { assertDevelopmentMachine, isLoopbackHostname, parseLoopbackUrl, serveOnLoopback } from './loopback.mjs';
import { escapeHtml, page, pages } from './pages.mjs';
import { createPeople } from './people.mjs';
import { html, problem } from './reply.mjs';

/** The largest body that is read, in bytes; a session refresh carries all headers of a request. */
const BODY_LIMIT_BYTES = 256 * 1024;

/**
 * What a handler gets to see.
 *
 * @typedef {object} Call
 * @property {import('node:http').IncomingMessage} request
 * @property {URL} url
 * @property {string} body
 * @property {string} id the `:id` of the route, or empty
 * @property {import('./instance.mjs').Instance} instance
 * @property {import('./people.mjs').People} people
 * @property {string} gateOrigin
 */

/**
 * What the Backend API does instead of answering: `error` is a 503, `hang` never answers, `garbage` is a 200 that is not JSON.
 *
 * @typedef {'error' | 'hang' | 'garbage'} Outage
 */

const routes = Object.entries({ ...pages, ...frontendApi, ...backendApi }).map(([route, handler]) => {
  const [method, path] = route.split(' ');
  return { method, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(':id', '([^/]+)')}$`), handler };
});

/**
 * Starts the identity on this machine's loopback addresses.
 *
 * @param {object} options
 * @param {number} [options.port] 0, the default, takes a free one
 * @param {string} options.gateOrigin the app's public origin: where sign-in leads back to, and the authorized party of tokens
 * @param {number} [options.tokenLifetimeSeconds] how long a session token lives; Clerk's 60 where it is not said
 */
export async function startIdentity({ port = 0, gateOrigin, tokenLifetimeSeconds }) {
  assertDevelopmentMachine(process.env);
  if (!parseLoopbackUrl(gateOrigin)) throw new Error(`the development identity serves only this machine, not \`${gateOrigin}\``);
  const instance = createInstance({ gateOrigin: new URL(gateOrigin).origin, tokenLifetimeSeconds });
  const people = createPeople();
  /** @type {{ method: string, path: string, status: number }[]} */
  const calls = [];
  /** @type {Outage | undefined} */
  let outage;

  /** @type {import('node:http').RequestListener} */
  const listener = async (request, response) => {
    const { method = 'GET' } = request;
    /** @type {import('./reply.mjs').Reply} */
    let reply;
    let path = '';
    try {
      const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
      path = url.pathname;
      // A page of another site must not reach this server under a name of its own (DNS rebinding).
      if (!isLoopbackHostname(url.hostname)) reply = problem(421, 'misdirected_request', 'this server is only for this machine');
      else if (outage === 'hang' && isBackend(path)) return void calls.push({ method, path, status: 0 });
      else if (outage === 'garbage' && isBackend(path)) reply = html(200, '<p>not what was asked for');
      else if (outage === 'error' && isBackend(path)) reply = problem(503, 'service_unavailable', 'a made-up outage');
      else reply = dispatch({ request, url, body: await readBody(request), id: '', instance, people, gateOrigin });
    } catch (error) {
      reply = problem(400, 'bad_request', error instanceof Error ? error.message : 'bad request');
    }
    calls.push({ method, path, status: reply.status });
    response.writeHead(reply.status, { 'Cache-Control': 'no-store', ...reply.headers }).end(reply.body);
  };
  const server = await serveOnLoopback(listener, port);

  return {
    /** Frontend API, Backend API and sign-in pages all live under this URL: `CLERK_PROXY_URL` and `CLERK_API_URL`. */
    url: `http://localhost:${server.port}`,
    ...instance,
    people,
    /** Every request so far, oldest first; `status` 0 for one that was left hanging. */
    calls,

    /**
     * Makes the Backend API fail, until called with nothing.
     *
     * @param {Outage} [kind]
     */
    setOutage(kind) {
      outage = kind;
    },

    stop: server.stop,
  };
}

/** @param {string} path */
function isBackend(path) {
  return path.startsWith('/v1/') && path !== '/v1/client/handshake';
}

/** @param {Call} call */
function dispatch(call) {
  const { pathname } = call.url;
  const matching = routes.filter(({ pattern }) => pattern.test(pathname));
  const route = matching.find(({ method }) => method === call.request.method);
  if (route) return route.handler({ ...call, id: route.pattern.exec(pathname)?.[1] ?? '' });
  if (pathname.startsWith('/v1/')) return problem(matching.length ? 405 : 404, 'resource_not_found', 'no such endpoint here');
  return html(matching.length ? 405 : 404, page('Not found', `<p>There is nothing at <code>${escapeHtml(pathname)}</code>.</p>`));
}

/** @param {import('node:http').IncomingMessage} request */
async function readBody(request) {
  let body = '';
  for await (const chunk of request) {
    body += chunk;
    if (body.length > BODY_LIMIT_BYTES) throw new Error('the body is too large');
  }
  return body;
}

await runAsScript(import.meta.url, async () => {
  const { port, gate } = await readServerArguments('identity');
  const identity = await startIdentity({ port, gateOrigin: gate }).catch((error) => {
    throw new ToolError(error.message);
  });
  console.log(`development identity on ${identity.url}, for the gate at ${gate}`);
  console.log(`CLERK_PUBLISHABLE_KEY=${identity.publishableKey}\nCLERK_SECRET_KEY=${identity.secretKey}`);
  console.log(`CLERK_PROXY_URL=${identity.url}\nCLERK_API_URL=${identity.url}`);
});
