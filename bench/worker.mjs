// The measured Worker: every entry loops over the tokens of one request, so that HTTP does not hide what a decision costs.
//
// POST /<entry> with a JSON body { tokens, times }; answers { ok, refused }: how many decisions let the request through.

import { createClerkClient } from '@clerk/backend';
import { importJWK, jwtVerify } from 'jose';
import * as gate from './portcullis.js';
import portcullis from './portcullis-entry.js';

const PAGE = 'https://app.example.com/dashboard';
const encoder = new TextEncoder();
/** Keys and options that a warm isolate would have; made by the first request. */
let ready;

export default {
  async fetch(request, env, context) {
    const name = new URL(request.url).pathname.slice(1);
    ready ??= prepare(env);
    const entry = (await ready)[name];
    if (!entry) return new Response(`no entry ${name}`, { status: 404 });
    const { tokens, times } = await request.json();
    let ok = 0;
    for (let round = 0; round < times; round += 1) {
      for (const token of tokens) if (await entry(token, context)) ok += 1;
    }
    return Response.json({ ok, refused: times * tokens.length - ok });
  },
};

async function prepare(env) {
  const jwk = JSON.parse(env.JWK);
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('jwk', jwk, rsa, false, ['verify']);
  const joseKey = await importJWK(jwk, 'RS256');
  const answer = new Response(null);
  const gateEnv = { ...env, ORIGIN: { fetch: async () => answer } };
  const clerkOptions = {
    publishableKey: env.CLERK_PUBLISHABLE_KEY,
    secretKey: env.CLERK_SECRET_KEY,
    jwtKey: env.CLERK_JWT_KEY,
    authorizedParties: env.PORTCULLIS.authorized_parties,
  };
  const clerkClient = createClerkClient(clerkOptions);
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
  const browser = (token) => new Request(PAGE, { headers: browserHeaders(token) });

  return {
    empty: async () => true,
    request: async (token) => browser(token).method === 'GET',
    floor: async (token) => {
      const [signature, data] = operandsOf(token);
      return crypto.subtle.verify('RSASSA-PKCS1-v1_5', key, signature, data);
    },
    decision: async (token) => (await gate.decide_only(browser(token), gateEnv)) === 0,
    publicDecision: async () => (await gate.decide_only(new Request('https://app.example.com/'), gateEnv)) === 0,
    listedDecision: async () => (await gate.decide_only(new Request('https://app.example.com/last/page-7'), gateEnv)) === 0,
    unlistedDecision: async () => (await gate.decide_only(new Request('https://app.example.com/nowhere/page-7'), gateEnv)) === 0,
    worker: async (token, context) => (await portcullis.fetch(browser(token), gateEnv, context)).status === 200,
    public: async (_, context) => (await portcullis.fetch(new Request('https://app.example.com/'), gateEnv, context)).status === 200,
    publicRequest: async () => new Request('https://app.example.com/').method === 'GET',
    jose: async (token) => {
      try {
        await jwtVerify(token, joseKey, { algorithms: ['RS256'] });
        return true;
      } catch {
        return false;
      }
    },
    clerk: async (token) => (await clerkClient.authenticateRequest(browser(token), clerkOptions)).isAuthenticated,
  };
}

function browserHeaders(token) {
  return {
    accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
    'accept-language': 'en-GB,en;q=0.9',
    cookie: `theme=dark; __client_uat=1700000000; __session=${token}`,
    'sec-fetch-dest': 'document',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-site': 'same-origin',
    'upgrade-insecure-requests': '1',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36',
  };
}

function fromBase64Url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}
