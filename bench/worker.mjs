// The measured Worker: every entry loops over the tokens of one request, so that HTTP does not hide what a decision costs.
//
// POST /<entry> with what `Asked` in support/bench-worker.mjs says; answers { ok, refused }: how many were let through.

import { createClerkClient } from '@clerk/backend';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';
import { jwt } from 'hono/jwt';
import { importJWK, jwtVerify } from 'jose';

import { core as packageCore } from '../npm/gate-core.js';
import { authenticateRequest, createGate, verifyToken } from '../npm/workerd.js';
import * as gate from './portcullis.js';
import portcullis from './portcullis-entry.js';

const PAGE = '/dashboard';
const RSA = 'RSASSA-PKCS1-v1_5';
const encoder = new TextEncoder();
/** Tokens that were uploaded. @type {string[]} */
const ring = [];
/** Keys and options that a warm isolate would have; made by the first request. */
let ready;

export default {
  async fetch(request, env, context) {
    const name = new URL(request.url).pathname.slice(1);
    const body = await request.json();
    if (name === 'upload') return Response.json(ring.push(...body));
    if (name === 'collect') {
      globalThis.gc();
      return Response.json({});
    }
    // The script around the Worker gives the instance that it has already.
    if (name === 'memory') return Response.json({ worker: bytesOf(gate.initSync({})), package: bytesOf(packageCore.instance().core) });
    ready ??= prepare(env);
    const entry = (await ready)[name];
    if (!entry) return new Response(`no entry ${name}`, { status: 404 });
    const { from = 0, count = 0, tokens = ring.slice(from, from + count), times = 1, cookies = 1, path = PAGE, inFlight = 1 } = body;
    const about = { context, url: env.PAGES + path, cookies: env.COOKIES + otherCookies(cookies) };
    let ok = 0;
    for (let round = 0; round < times; round += 1) {
      if (inFlight === 1) for (const token of tokens) ok += Number(await entry(token, about));
      else ok += await atOnce(entry, tokens, about, inFlight);
    }
    return Response.json({ ok, refused: times * tokens.length - ok });
  },
};

async function atOnce(entry, tokens, about, inFlight) {
  let ok = 0;
  for (let at = 0; at < tokens.length; at += inFlight) {
    const answers = await Promise.all(tokens.slice(at, at + inFlight).map((token) => entry(token, about)));
    ok += answers.filter(Boolean).length;
  }
  return ok;
}

async function prepare(env) {
  const key = await crypto.subtle.importKey('jwk', env.JWK, { name: RSA, hash: 'SHA-256' }, false, ['verify']);
  const joseKey = await importJWK(env.JWK, 'RS256');
  const answer = new Response(null);
  const gateEnv = { ...env, ORIGIN: { fetch: async () => answer } };
  const { publishableKey, secretKey, jwtKey, authorizedParties } = env.PACKAGE;
  const options = { publishableKey, secretKey, jwtKey, authorizedParties };
  const clerkClient = createClerkClient({ ...options, telemetry: { disabled: true } });
  const packageGate = await createGate(env.PACKAGE);
  const app = (...middleware) => {
    const hono = new Hono();
    for (const one of middleware) hono.use(one);
    return hono.all('*', (c) => c.body(null));
  };
  const bare = app();
  const withJwk = app(jwk({ keys: [env.JWK], alg: ['RS256'], cookie: '__session' }));
  const withJwt = app(jwt({ secret: key, alg: 'RS256', cookie: '__session' }));
  /** The floor's operands are ready, so only the signature check itself is measured. */
  const operands = new Map();
  const operandsOf = (token) => {
    let found = operands.get(token);
    if (!found) {
      const end = token.lastIndexOf('.');
      found = [fromBase64Url(token.slice(end + 1)), encoder.encode(token.slice(0, end))];
      operands.set(token, found);
    }
    return found;
  };

  return {
    empty: async () => true,
    request: async (token, about) => browser(token, about).method === 'GET',
    bareRequest: async (_, { url }) => new Request(url).method === 'GET',
    unmetRequest: async (_, { url }) => new Request(unmet(url)).method === 'GET',
    floor: async (token) => {
      const [signature, data] = operandsOf(token);
      return crypto.subtle.verify(RSA, key, signature, data);
    },
    workerDecide: async (token, about) => (await gate.decide_only(browser(token, about), gateEnv)) === 0,
    workerFetch: async (token, about) => (await portcullis.fetch(browser(token, about), gateEnv, about.context)).status === 200,
    workerDecideBare: async (_, { url }) => (await gate.decide_only(new Request(url), gateEnv)) === 0,
    workerDecideUnmet: async (_, { url }) => (await gate.decide_only(new Request(unmet(url)), gateEnv)) === 0,
    workerFetchBare: async (_, { url, context }) => (await portcullis.fetch(new Request(url), gateEnv, context)).status === 200,
    packageDecide: async (token, about) => (await packageGate.decide(browser(token, about))).action === 'forward',
    packageDecideBare: async (_, { url }) => (await packageGate.decide(new Request(url))).action === 'forward',
    packageDecideUnmet: async (_, { url }) => (await packageGate.decide(new Request(unmet(url)))).action === 'forward',
    packageHandle: async (token, about) => (await packageGate.handle(browser(token, about), gateEnv.ORIGIN.fetch)).status === 200,
    packageAuthenticate: async (token, about) => (await authenticateRequest(browser(token, about), options)).isAuthenticated,
    packageVerify: async (token) => {
      try {
        await verifyToken(token, options);
        return true;
      } catch {
        return false;
      }
    },
    passThrough: async (token, about) => (await gateEnv.ORIGIN.fetch(browser(token, about))).status === 200,
    jose: async (token) => {
      try {
        await jwtVerify(token, joseKey, { algorithms: ['RS256'] });
        return true;
      } catch {
        return false;
      }
    },
    hono: async (token, about) => (await bare.fetch(browser(token, about))).status === 200,
    honoJwk: async (token, about) => (await withJwk.fetch(browser(token, about))).status === 200,
    honoJwt: async (token, about) => (await withJwt.fetch(browser(token, about))).status === 200,
    clerk: async (token, about) => (await clerkClient.authenticateRequest(browser(token, about), options)).isAuthenticated,
  };
}

/** A document navigation of a browser that is signed in. */
function browser(token, { url, cookies }) {
  return new Request(url, {
    headers: {
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'en-GB,en;q=0.9',
      cookie: `${cookies}__session=${token}`,
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': 'same-origin',
      'upgrade-insecure-requests': '1',
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36',
    },
  });
}

let met = 0;

/** A URL that no gate has met. @param {string} url */
function unmet(url) {
  met += 1;
  return `${url}/${met}`;
}

/** What a browser sends beside Clerk's. */
function otherCookies(count) {
  return Array.from({ length: count }, (_, n) => (n === 0 ? 'theme=dark; ' : `_analytics_${n}=GA1.1.${1_700_000_000 + n}; `)).join('');
}

function fromBase64Url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function bytesOf(instance) {
  return instance.memory.buffer.byteLength;
}
