// Writes seeds for the fuzzer from what is known already: the recorded targets, and patterns, tokens, sessions, settings and deliveries that mean something.
//
//   node fuzz/seeds.mjs        then: cargo +nightly fuzz run decision fuzz/seeds/decision
//
// The folder is not kept; `corpus/` is what a run made of it.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const here = (path) => new URL(path, import.meta.url);
const targets = JSON.parse(readFileSync(here('../tests/vectors/paths/targets.json'), 'utf8'));
const ordinary = JSON.parse(readFileSync(here('../tests/vectors/paths/ordinary.json'), 'utf8'));
const paths = [...new Set([...targets.map(({ raw }) => raw), ...ordinary.map(({ url }) => url)])];

const LISTS = 'a/admin(.*) a/api/admin(.*) p/dashboard(.*) o/ o/about o/blog(.*) o/api/public(.*)';
const POLICIES = [
  LISTS, `D ${LISTS}`, `D S lfr len ${LISTS} i/api(.*)`, `S ${LISTS} roGET/admin/help rpPOST,DELETE/blog/:slug raPURGE/(.*)`,
  'o/(.*) a/:org/admin{/:page}? p/:lang(en|fr)?/me', 'S o/:path* p/docs/:page.:format ra/(\\d+)/x',
];
const HEADERS = [
  '', 'cookie: __session=a.b.c; __client_uat=0', 'authorization: Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiJ1In0.c2ln',
  'accept: text/html\nsec-fetch-dest: document\ncookie: __clerk_db_jwt=x; __client_uat=1749999000', 'x-original-url: /admin\norigin: https://gate.example',
];
const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'PURGE', 'TRACE'];
const PATTERNS = ['/admin(.*)', '/blog/:slug', '/:path*', '/(a*)*b', '/:x(\\d+)-:y?', '/{:z}+', '/(.*)/(.*)/(.*)', '/[a-z]+', '/é', '((a+)+)+$'];
const TOKENS = [
  'a.b.c', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0.c2ln', '{"alg":"RS256","kid":"k","typ":"JWT"}\n{"sub":"user_1","exp":1750000060}', '{}\nnull',
  '{"alg":"none"}\n[1e400,"\\ud800"]',
];

const NOW = 1_750_000_000;
const CLAIMS = { sub: 'user_1', sid: 'sess_1', azp: 'https://gate.example', iss: 'https://clerk.example.com', iat: NOW - 5, nbf: NOW - 15, exp: NOW + 55, fva: [1, -1], v: 2, sts: 'active' };
const TOKEN_HEADER = { alg: 'RS256', kid: 'k', typ: 'JWT' };
const COOKIE = 'cookie: __client_uat=1749999000; __session=$T; __refresh_x=r';
const BEARER = 'authorization: Bearer $T';
const DOCUMENT = 'accept: text/html\nsec-fetch-dest: document\nsec-fetch-site: same-origin';
const session = (settings, target, signatures, claims, lines, { method = 'GET', header = TOKEN_HEADER } = {}) =>
  [settings, method, target, signatures, `h ${JSON.stringify(header)}`, `p ${JSON.stringify({ ...CLAIMS, ...claims })}`, `q ${JSON.stringify(CLAIMS)}`, ...lines].join('\n');
const without = (name) => ({ [name]: undefined });
const ISSUED = { iss: 'https://issuer.example', aud: 'app', azp: undefined };
const MACHINE = '{"id":"mt_1","subject":"mch_1","scopes":["a"],"claims":{"x":1},"revoked":false,"expired":false,"expiration":null}';
const SESSIONS = [
  session('live', '/home', 'v', {}, [COOKIE]),
  session('live', '/home', 'v', {}, [BEARER]),
  session('dev', '/home?__clerk_db_jwt=d', 'v', {}, [COOKIE, DOCUMENT]),
  session('dev', '/home', 'v', {}, [`${COOKIE}; __clerk_db_jwt=d`, DOCUMENT]),
  session('live', '/admin/users', 'v', { metadata: { role: 'admin' } }, [COOKIE, DOCUMENT]),
  session('live', '/home', 'v', { exp: NOW - 60 }, [COOKIE, DOCUMENT]),
  session('live', '/home', 'vv', { exp: NOW - 60 }, [`${COOKIE}; __refresh_naoXFJnI=r; __client_uat_naoXFJnI=1749999000; __session_naoXFJnI=$T`, DOCUMENT, 'b 200 {"response_body_format":"cookie","cookies":["__session=$U"]}']),
  session('live', '/home?__clerk_handshake_nonce=n', 'vv', {}, [COOKIE, DOCUMENT, 'b 200 {"directives":["__session=$U; Path=/","__client_uat=1; Path=/"]}']),
  session('dev', '/home?__clerk_handshake=$T', 'vv', { handshake: ['__session=$U', '__client_uat=1'] }, ['cookie: __clerk_db_jwt=d; __client_uat=1', DOCUMENT]),
  session('live', '/home', 'vv', { handshake: ['__session=$U', '__client_uat=1'] }, ['cookie: __clerk_handshake=$T', DOCUMENT]),
  session('navigation', '/home', 'v', without('azp'), [COOKIE, DOCUMENT]),
  session('observe', '/api/x', 'v', without('azp'), [BEARER], { method: 'POST' }),
  session('issuer', '/home', 'v', ISSUED, [BEARER]),
  session('issuer', '/home', 'v', ISSUED, ['cookie: issued=$T']),
  session('fresh', '/fresh/x', 'v', {}, [COOKIE, 'b 200 {"id":"sess_1","status":"active","user_id":"user_1","expire_at":1850000000000}', 'b 200 {"id":"user_1","banned":false,"locked":false}']),
  session('live', '/machine/x', '', {}, ['authorization: Bearer mt_abc', `b 200 ${MACHINE}`]),
  session('live', '/machine/x', '', {}, ['authorization: Bearer ak_abc', `b 200 ${MACHINE}`]),
  session('live', '/machine/x', '', {}, ['authorization: Bearer oat_abc', 'b 200 {"id":"oat_1","client_id":"c","subject":"user_1","scopes":[],"type":"oauth_token"}']),
  session('live', '/machine/x', 'v', { sub: 'mch_1', scopes: 'a b' }, [BEARER], { header: { ...TOKEN_HEADER, cat: 'cl_B7d4PD333AAA' } }),
  session('live', '/machine/x', 'v', { client_id: 'c', jti: 'oat_1' }, [BEARER], { header: { ...TOKEN_HEADER, typ: 'at+jwt' } }),
  session('live', '/', 'i', {}, [COOKIE]), session('live', '/open/a', 'u', { exp: '1' }, [BEARER]), session('live', '/home', 'v', { sub: 5, azp: [] }, [COOKIE]),
  session('live', '/home', '', {}, ['cookie: __client_uat=1; __portcullis_bounce=4.1.session.99; __clerk_redirect_count=3', 'referer: https://elsewhere.example/', DOCUMENT]),
];
const PLAIN_VARIABLES = 'CLERK_PUBLISHABLE_KEY=pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\nCLERK_SECRET_KEY=$L';
const SETTINGS = [
  {}, { public: ['/'], admin: ['/admin(.*)'], admin_requires: { claim: 'metadata.role', equals: 'admin' } },
  { authorized_parties: ['https://gate.example', 'https://*.preview.gate.example'], missing_azp: 'navigation', origin: 'https://app.example', sign_in_url: '/sign-in', unauthorized_url: '/no', public: ['/sign-in/:path*', '/no'] },
  { default: 'public', static_files: 'public', locales: ['en'], path_readings: ['all', '-format-suffix'], enforce: false, token_cache: 0, log_forwards: 0.5, log_user: 'plain' },
  { rules: [{ match: ['/api/(.*)'], methods: ['POST'], access: 'admin', require: { role: 'org:admin', reverification: 'strict' }, csrf: true, fresh: true, enforce: false }], admin_requires: { permission: 'org:a:b', token: ['api_key'] } },
  { cors: { origins: ['https://gate.example'], methods: ['POST'], headers: ['x-a'], credentials: true, max_age: 600 }, csp: { mode: 'strict', services: ['payments'], directives: { 'connect-src': ['https://api.example.com'] } }, security_headers: true },
  { rate_limits: [{ binding: 'LIMIT', match: ['/api/(.*)'], methods: ['POST'], per: 'client', period: 10 }], proxy: '/__clerk', webhook_path: '/hooks', own_pages: true },
  { issuers: [{ issuer: 'https://issuer.example', jwks_url: 'https://issuer.example/jwks', audience: ['app'], algorithms: ['ES256'], role: ['https://example.com/roles'], permissions: 'scope' }] },
].map((table) => JSON.stringify(table));
const VARIABLES = [
  PLAIN_VARIABLES, `${PLAIN_VARIABLES}\nCLERK_WEBHOOK_SIGNING_SECRET=$W\nPORTCULLIS_DB`,
  `${PLAIN_VARIABLES.replace('live', 'test').replace('$L', '$T')}\nCLERK_API_URL=http://127.0.0.1:1\nCLERK_PROXY_URL=/__clerk\nCLERK_FAPI_URL=https://fapi.example\nORIGIN`,
  'CLERK_JWT_KEY=-----BEGIN PUBLIC KEY-----\\nMIIB\\n-----END PUBLIC KEY-----\nPORTCULLIS_SIGNING_KEY=-----BEGIN PRIVATE KEY-----\\nMIG\\n-----END PRIVATE KEY-----',
];
const MAC = `v1,${Buffer.alloc(32, 7).toString('base64')}`;
const EVENT = '{"type":"user.created","object":"event","data":{"id":"user_1"},"timestamp":1750000000000}';
const WEBHOOKS = [
  `svix-id: msg_1\nsvix-timestamp: ${NOW}\nsvix-signature: ${MAC}\n\n${EVENT}`, `webhook-id: msg_1\nwebhook-timestamp: ${NOW - 299}\nwebhook-signature: v2,x ${MAC} ${MAC}\n\n{"type":5}`,
  `svix-id: a.b\nsvix-timestamp: 0${NOW}\nsvix-signature: ${MAC}\n\n[]`, `svix-id: \nsvix-timestamp: ${NOW + 400}\nsvix-signature: v1,\n\n`,
];

const write = (name, inputs) => {
  mkdirSync(here(`seeds/${name}`), { recursive: true });
  inputs.forEach((input, index) => writeFileSync(here(`seeds/${name}/${String(index).padStart(5, '0')}`), input));
};
write('path', paths.map((path, index) => (index % 10 === 0 ? `lfr\n/fr${path}` : path)));
write('decision', paths.map((path, index) => {
  const method = METHODS[Math.floor(index / POLICIES.length) % METHODS.length];
  return `${POLICIES[index % POLICIES.length]}\n${method}\n${path}\n${HEADERS[index % HEADERS.length]}`;
}));
write('pattern', PATTERNS.flatMap((pattern, index) => ['/admin/x', '/aaaa', '/é/1-2'].map((path) => `${pattern}\n${PATTERNS[(index * 7 + 3) % PATTERNS.length]}\n${path}`)));
write('token', TOKENS);
write('session', SESSIONS);
write('settings', SETTINGS.flatMap((settings) => VARIABLES.map((variables) => `${variables}\n\n${settings}`)));
write('webhook', WEBHOOKS);
