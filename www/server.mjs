// The demo app: what stands behind the gate. It knows nothing of sessions; it shows what the gate tells it in headers.
//
//   node www/server.mjs [--port 8789] [--gate http://localhost:8787]

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { serveOnLoopback } from '../dev-identity/loopback.mjs';
import { readServerArguments } from '../tools/ports.mjs';
import { runAsScript } from '../tools/run.mjs';
import { renderPage } from './pages.mjs';
import { toldByGate } from './told.mjs';

/** @typedef {{ gateOrigin: string, signInUrl?: string, signOutUrl?: string }} Site where the app's links lead */

const ASSETS = new Map([
  ['style.css', 'text/css; charset=utf-8'],
  ['try-it.js', 'text/javascript; charset=utf-8'],
  ['favicon.svg', 'image/svg+xml'],
]);

const SECURITY_HEADERS = {
  'Content-Security-Policy': "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'X-Content-Type-Options': 'nosniff',
};

/**
 * Starts the app on this machine's loopback addresses.
 *
 * @param {{ port?: number } & Site} options port 0, the default, takes a free one
 */
export async function startDemo({ port = 0, ...site }) {
  const server = await serveOnLoopback((request, response) => {
    answer(request, response, site).catch((error) => {
      console.error('demo app:', error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  }, port);
  return { url: `http://localhost:${server.port}`, stop: server.stop };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {Site} site
 */
async function answer(request, response, site) {
  const path = new URL(request.url ?? '/', 'http://app.invalid').pathname;
  const told = toldByGate(request.headers);
  if (path.startsWith('/assets/')) return sendAsset(basename(path), response);
  switch (path) {
    case '/api/public/ping':
      return sendJson(response, { pong: true });
    case '/api/protected':
      return sendJson(response, { message: 'only for who is signed in', told });
    case '/api/admin/stats':
      return sendJson(response, { users: 2, gates: 1, told });
    case '/events':
      return sendEvents(request, response);
    case '/upload':
      return echo(request, response);
  }
  const page = renderPage(path, told, site);
  response.writeHead(page.status, { ...SECURITY_HEADERS, 'Content-Type': 'text/html; charset=utf-8' }).end(page.html);
}

/**
 * @param {string} name
 * @param {import('node:http').ServerResponse} response
 */
async function sendAsset(name, response) {
  const type = ASSETS.get(name);
  if (!type) return void response.writeHead(404).end();
  const body = await readFile(new URL(`assets/${name}`, import.meta.url));
  response.writeHead(200, { ...SECURITY_HEADERS, 'Content-Type': type }).end(body);
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {object} value
 */
function sendJson(response, value) {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(value));
}

/**
 * Five events, one every 300 ms: they arrive one by one only if nothing on the way buffers.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function sendEvents(request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    response.write(`id: ${count}\ndata: ${JSON.stringify({ count, of: 5 })}\n\n`);
    if (count === 5) {
      clearInterval(timer);
      response.end('event: done\ndata: {}\n\n');
    }
  }, 300);
  request.on('close', () => clearInterval(timer));
}

/**
 * Sends each chunk of the body back as it comes.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
function echo(request, response) {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' });
  request.pipe(response);
}

await runAsScript(import.meta.url, async () => {
  const { port, gate } = await readServerArguments('origin');
  const demo = await startDemo({ port, gateOrigin: gate });
  console.log(`demo app on ${demo.url}, behind the gate at ${gate}`);
});
