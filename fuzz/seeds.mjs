// Writes seeds for the fuzzer from what is known already: the recorded targets, and patterns and tokens that mean something.
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
