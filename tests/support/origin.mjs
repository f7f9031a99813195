// A real origin behind the gate: it says what it was sent, streams, opens WebSockets and redirects.

import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

import { listen } from './listen.mjs';

/** How long `/api/public/slow` takes: longer than anything that a gate waits for beside its origin, and less than several of these together. */
const SLOW_MS = 3_000;

/**
 * @typedef {object} Seen
 * @property {string} method
 * @property {string} url the request target, as it came over the wire
 * @property {Record<string, string | string[] | undefined>} headers
 */

/** Starts an origin on a free port. `seen` holds every request that reached it. */
export async function startOrigin() {
  /** @type {Seen[]} */
  const seen = [];
  const server = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    const path = (request.url ?? '').split('?')[0];
    switch (path) {
      case '/api/public/echo':
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        request.pipe(response);
        return;
      case '/api/public/events':
        return events(response);
      case '/api/public/cookies':
        response.writeHead(200, { 'set-cookie': ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2037 07:28:00 GMT', 'c=3'] });
        return response.end('ok');
      case '/api/public/own-headers':
        response.writeHead(200, { 'content-security-policy': "default-src 'none'", 'x-frame-options': 'DENY', 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true', vary: 'Accept' });
        return response.end('ok');
      case '/api/public/redirect':
        response.writeHead(302, { location: 'https://elsewhere.example/next' });
        return response.end();
      case '/api/public/teapot':
        response.writeHead(418, { 'content-type': 'text/plain' });
        return response.end('short and stout');
      case '/api/public/slow':
        setTimeout(() => response.end('at last'), SLOW_MS).unref();
        return;
      case '/dashboard/cached':
        response.writeHead(200, { 'cache-control': 'public, max-age=60, s-maxage=600', vary: 'Accept-Encoding', 'cdn-cache-control': 'max-age=600' });
        return response.end('mine');
      default:
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(seen.at(-1)));
    }
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    seen.push({ method: 'WEBSOCKET', url: request.url ?? '', headers: request.headers });
    socket.on('message', (message) => socket.send(`echo:${message}`));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    /** Forgets what it saw. */
    clear: () => seen.splice(0),
    stop: async () => {
      sockets.clients.forEach((socket) => socket.terminate());
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Three events, some time apart. */
function events(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(`data: ${(sent += 1)}\n\n`);
    if (sent === 3) {
      clearInterval(timer);
      response.end();
    }
  }, 100);
}
