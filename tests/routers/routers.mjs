// Real routers, each with the same routes, written as that framework's users write them.
//
// ADMIN at /admin, /admin/users, /admin/users/:id, /api/admin/stats; PROTECTED at /dashboard, /dashboard/:tab; PUBLIC at /, /about,
// /blog/:slug, /api/public/ping; else 404. A handler notes that it ran, and says its class in the header `x-class`. Beside frameworks
// as they come stand some as people bend them: lenient options, rewriting and overriding middleware.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import Router from '@koa/router';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import findMyWay from 'find-my-way';
import { Hono } from 'hono';
import Koa from 'koa';
import methodOverride from 'method-override';
import { match } from 'path-to-regexp';

import { environment } from '../support/environment.mjs';
import { listen } from '../support/listen.mjs';

/** @type {Record<string, string[]>} */
export const ROUTES = {
  ADMIN: ['/admin', '/admin/users', '/admin/users/:id', '/api/admin/stats'],
  PROTECTED: ['/dashboard', '/dashboard/:tab'],
  PUBLIC: ['/', '/about', '/blog/:slug', '/api/public/ping'],
};

const routes = Object.entries(ROUTES).flatMap(([name, paths]) => paths.map((path) => ({ name, path })));

/** The request headers by which some server, proxy or framework is told to serve another path. */
export const PATH_HEADERS = [
  'x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-rewrite-uri', 'x-original-path', 'x-forwarded-path', 'x-forwarded-uri', 'x-forwarded-url',
  'x-envoy-original-path', 'x-override-url', 'x-proxy-url', 'x-matched-path', 'x-invoke-path', 'x-middleware-rewrite', 'x-nextjs-rewrite',
  'x-accel-redirect', 'x-astro-path', 'path-info', 'request-uri', 'unencoded-url', 'iis-wasurlrewritten', 'x-http-path-override',
];

/** The ones that are put before the path. */
export const PREFIX_HEADERS = ['x-forwarded-prefix', 'x-forwarded-context', 'script-name', 'x-script-name', 'x-base-path', 'base-url'];

/** The ones that replace the method. */
export const METHOD_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override', 'x-original-method'];

/**
 * @typedef {import('node:http').RequestListener} Listener
 * @type {Record<string, () => Listener | Promise<Listener>>}
 */
export const ROUTERS = {
  'express 5': () => expressApp(express()),
  'express 4': () => expressApp(express4()),
  'express that believes headers and tidies paths': () => {
    const app = express();
    for (const name of METHOD_HEADERS) app.use(methodOverride(name));
    app.use(methodOverride('_method', { methods: ['POST', 'GET'] }));
    app.use((request, _, next) => {
      request.url = tidied(believing(request));
      next();
    });
    return expressApp(app);
  },
  fastify: () => fastifyApp({}),
  'fastify, lenient': () =>
    fastifyApp({
      routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false, useSemicolonDelimiter: true },
      rewriteUrl: believing,
    }),
  koa: () => koaApp(new Koa()),
  'koa that resolves the decoded path': () => {
    const app = new Koa();
    app.use((context, next) => {
      context.path = new URL(decoded(context.path).replace(/[?#]/g, encodeURIComponent), 'http://h').pathname;
      return next();
    });
    return koaApp(app);
  },
  hono: () => {
    const app = new Hono();
    for (const { name, path } of routes) {
      app.get(path, (context) => {
        ran(/** @type {any} */ (context.env).incoming, name);
        return context.text(name, 200, { 'x-class': name });
      });
    }
    return getRequestListener(app.fetch);
  },
  'node:http and path-to-regexp': () => {
    const table = routes.map(({ name, path }) => ({ name, matches: match(path, { decode: decodeURIComponent }) }));
    return (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://h');
      const found = table.find(({ matches }) => matches(pathname));
      answer(request, response, found?.name);
    };
  },
  'node:http that decodes, then looks': () => {
    const table = routes.map(({ name, path }) => ({ name, matches: match(path) }));
    return (request, response) => {
      const path = new URL(`http://h${tidied(decoded(believing(request)).split('?')[0])}`).pathname;
      answer(request, response, table.find(({ matches }) => matches(path))?.name);
    };
  },
  'find-my-way': () => {
    const router = findMyWay({ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false, defaultRoute: answer });
    for (const { name, path } of routes) router.on('GET', path, (request, response) => answer(request, response, name));
    return (request, response) => router.lookup(request, response);
  },
};

/**
 * @typedef {object} Hit
 * @property {string} id what the request's `x-case` said
 * @property {string} [name] the class of the handler that ran
 * @property {string} url the request target, as it came over the wire
 * @property {string[]} rawHeaders
 * @property {string} method
 */

/** @type {WeakMap<import('node:http').IncomingMessage, Hit>} */
const hitOf = new WeakMap();

/** Notes which handler ran, whatever becomes of its answer. @param {import('node:http').IncomingMessage} request @param {string} name */
function ran(request, name) {
  const hit = hitOf.get(request);
  if (!hit) throw new Error('a handler ran for a request that nobody sent');
  hit.name = name;
}

/** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response @param {string} [name] */
function answer(request, response, name) {
  if (name) ran(request, name);
  response.writeHead(name ? 200 : 404, name ? { 'x-class': name } : {});
  response.end(name ?? 'not found');
}

/** @param {any} app @returns {Listener} */
function expressApp(app) {
  for (const { name, path } of routes) {
    app.get(path, (/** @type {any} */ request, /** @type {any} */ response) => {
      ran(request, name);
      response.set('x-class', name).send(name);
    });
  }
  // The default handler prints errors of the client's making.
  app.use((/** @type {any} */ error, /** @type {any} */ _, /** @type {any} */ response, /** @type {any} */ _next) => response.status(error.status ?? 500).end());
  return app;
}

/** @param {Koa} app @returns {Listener} */
function koaApp(app) {
  const router = new Router();
  for (const { name, path } of routes) {
    router.get(path, (context) => {
      ran(context.req, name);
      context.set('x-class', name);
      context.body = name;
    });
  }
  app.silent = true;
  return app.use(router.routes()).use(router.allowedMethods()).callback();
}

/** @param {any} options @returns {Promise<Listener>} */
async function fastifyApp(options) {
  /** @type {Listener} */
  let listener = () => {};
  const serverFactory = (/** @type {Listener} */ handler) => {
    listener = handler;
    return createServer(handler);
  };
  const app = fastify({ ...options, serverFactory });
  for (const { name, path } of routes) {
    app.get(path, async (request, reply) => {
      ran(request.raw, name);
      return reply.header('x-class', name).send(name);
    });
  }
  await app.ready();
  return listener;
}

/** The path of an origin that believes every header that names one. @param {import('node:http').IncomingMessage} request */
function believing(request) {
  const said = folded(request);
  const path = PATH_HEADERS.map((name) => said.get(name)).find((value) => value?.startsWith('/'));
  const prefix = PREFIX_HEADERS.map((name) => said.get(name)).find((value) => value?.startsWith('/'));
  return (prefix ?? '').replace(/\/$/, '') + (path ?? request.url ?? '/');
}

/** Header fields as CGI and its heirs see them: one case, `-` and `_` the same. @param {import('node:http').IncomingMessage} request */
function folded(request) {
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  return new Map(names.map((name, index) => [name.toLowerCase().replace(/[^a-z0-9]/g, '-'), request.rawHeaders[index * 2 + 1]]));
}

/** What well-meant middleware does to paths. @param {string} url */
function tidied(url) {
  return url.replace(/\\/g, '/').replace(/;[^/?]*/g, '').replace(/\/{2,}/g, '/').replace(/\/index\.html?(?=$|\?)/, '/').replace(/\.(?:json|rsc)(?=$|\?)/, '');
}

/** Decoded as far as it can be, without an error. @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return unescape(text);
  }
}

/**
 * Starts a router on a free port. `hits` holds every request that reached it, with the handler that ran.
 *
 * @param {Listener} listener
 */
export async function serve(listener) {
  /** @type {Hit[]} */
  const hits = [];
  const server = createServer((request, response) => {
    const { url = '', rawHeaders, method = '' } = request;
    const id = String(request.headers['x-case'] ?? '');
    const hit = { id, url, rawHeaders, method };
    hits.push(hit);
    hitOf.set(request, hit);
    listener(request, response);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    hits,
    /** Waits until `hits` has everything that was answered. */
    settle: async () => {},
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Starts Flask, where Python has it: a router of another language, which reports its hits on standard output.
 *
 * @returns {Promise<Awaited<ReturnType<typeof serve>> | { reason: string }>} or why there is none
 */
export async function serveFlask() {
  const child = spawn('python3', [fileURLToPath(new URL('flask_app.py', import.meta.url)), JSON.stringify(ROUTES)], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code) => resolve(`it ended with ${code}`));
  });
  /** @type {Hit[]} */
  const hits = [];
  let rest = '';
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  /** @type {Promise<number>} */
  const started = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const said = JSON.parse(line);
        if (said.port) resolve(said.port);
        else hits.push(said);
      }
    });
  });
  const outcome = await Promise.race([started, ended]);
  if (typeof outcome !== 'number') return { reason: `no Flask: ${errors.trim().split('\n').at(-1) || outcome}` };
  return {
    url: `http://127.0.0.1:${outcome}`,
    port: outcome,
    hits,
    // What it printed is here once the mark that was printed last is.
    settle: async () => {
      await fetch(`http://127.0.0.1:${outcome}/`, { headers: { 'x-case': 'mark' } });
      while (hits.at(-1)?.id !== 'mark') await new Promise((resolve) => child.stdout.once('data', resolve));
      hits.pop();
    },
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
