// Everything that a Worker fetches, whatever host it names: one server that is asked by whole URLs, and plays Clerk's Frontend API.

import { createServer } from 'node:http';

import { listen } from './listen.mjs';

export const FRONTEND_API_ORIGIN = 'https://frontend-api.clerk.dev';

/**
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} url the whole one, where the Worker says it
 * @property {import('node:http').IncomingHttpHeaders} headers
 */

/** Starts it on a free port. `?location=…` redirects, `?cache=…` sets `Cache-Control`, `?cookies` sets two cookies. */
export async function startInternet() {
  /** @type {Asked[]} */
  const asked = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push({ method, url, headers });
    const { pathname, searchParams } = new URL(url, 'http://unknown.invalid');
    /** @type {Record<string, string | string[]>} */
    const fields = { 'content-type': 'application/json', 'alt-svc': 'h3=":443"' };
    const [location, cache] = ['location', 'cache'].map((name) => searchParams.get(name));
    if (location !== null) fields.location = location;
    if (cache !== null) fields['cache-control'] = cache;
    if (searchParams.has('cookies')) fields['set-cookie'] = ['__client=a; Path=/; Domain=example.com; HttpOnly', '__client_uat=1; Path=/'];
    if (pathname.endsWith('/echo')) {
      response.writeHead(200, fields);
      return void request.pipe(response);
    }
    if (pathname.endsWith('/hang-up')) return void request.socket.destroy();
    if (pathname.endsWith('/slow')) {
      response.writeHead(200, fields);
      response.write('first');
      // The rest comes when the test asks for it.
      return void server.once('go-on', () => response.end('last'));
    }
    request.resume();
    response.writeHead(location === null ? 200 : 302, fields);
    response.end('{"response":null}');
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    address: `127.0.0.1:${port}`,
    asked,
    clear: () => asked.splice(0),
    goOn: () => server.emit('go-on'),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
