// Measures what a decision costs, side by side with its peers in one run of workerd, as ratios.
//
//   npm run bench            prints a table and writes bench/RESULTS.md
//   npm run bench -- --quick fewer rounds, writes nothing
//
// CPU time of the workerd process is read from outside, N decisions a request; entries take turns in every round, in rotating
// order, and what counts is the median of the rounds' ratios to the floor. Times of a shared machine say little; ratios hold.

import { cp, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';
import { SignJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';

import { POLICY } from '../tests/support/gate.mjs';
import { startWorker } from '../tests/support/workerd.mjs';
import { RELEASE_DIR, buildWorker } from '../tools/build.mjs';
import { ROOT } from '../tools/run.mjs';

const QUICK = process.argv.includes('--quick');
const ROUNDS = QUICK ? 5 : 15;
const TOKENS = 100;
const WARM_UP_MS = QUICK ? 600 : 2_000;
/** How often an entry goes over all tokens in one measured request. */
const TIMES = { empty: 200, request: 20, floor: 10, decision: 6, seen: 20, seenWorker: 10, publicDecision: 20, worker: 6, public: 20, publicRequest: 60, jose: 6, clerk: 1, fewListed: 20, manyListed: 20, fewUnlisted: 20, manyUnlisted: 20 };
const FRONTEND_API = 'clerk.example.com';

const instance = await makeInstance();
const dir = await buildBench();
const worker = await startWorker({ env: instance.env, dir });
/** The same with a memory for tokens: a gate reads its settings once an isolate. */
const remembering = await startWorker({ env: { ...instance.env, PORTCULLIS: { ...instance.env.PORTCULLIS, token_cache: 4096 } }, dir });
/** The same with short and long policies. */
const few = await startWorker({ env: { ...instance.env, PORTCULLIS: policyOf(10) }, dir });
const many = await startWorker({ env: { ...instance.env, PORTCULLIS: policyOf(1_000) }, dir });
/** Entries that another one measures: where, and what it is called there. */
const ELSEWHERE = {
  seen: [remembering, 'decision'], seenWorker: [remembering, 'worker'],
  fewListed: [few, 'listedDecision'], manyListed: [many, 'listedDecision'], fewUnlisted: [few, 'unlistedDecision'], manyUnlisted: [many, 'unlistedDecision'],
};
try {
  await refuseBadSignatures();
  await warmUp();
  const rounds = await measure();
  const report = await describe(rounds);
  console.log(report);
  if (!QUICK) await writeFile(join(ROOT, 'bench/RESULTS.md'), report);
} finally {
  await Promise.all([worker, remembering, few, many].map((one) => one.stop()));
  await rm(dir, { recursive: true, force: true });
}

/**
 * A policy of so many patterns, of the kinds that people write, in all three lists. The last one is the path that `listedDecision`
 * asks for.
 *
 * @param {number} count
 */
function policyOf(count) {
  const kinds = [
    (n) => ['public', `/docs/section-${n}/:path*`], (n) => ['protected', `/app/area-${n}(.*)`], (n) => ['public', `/blog/topic-${n}/:slug`],
    (n) => ['protected', `/orgs/:slug/part-${n}/:path*`], (n) => ['admin', `/backoffice/desk-${n}(.*)`], (n) => ['public', `/api/v1/public-${n}/:id(\\d+)`],
    (n) => ['protected', `/api/v1/thing-${n}/:id`], (n) => ['protected', `/:locale(en|fr|de)/account-${n}(.*)`], (n) => ['public', `/page-${n}`],
  ];
  const lists = { public: [], protected: [], admin: ['/admin(.*)'] };
  for (let n = 0; n < count - 2; n += 1) {
    const [list, pattern] = kinds[n % kinds.length](n);
    lists[list].push(pattern);
  }
  lists.public.push('/last/:page');
  return { authorized_parties: ['https://app.example.com'], default: 'protected', admin_requires: POLICY.admin_requires, ...lists };
}

async function makeInstance() {
  const keys = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true });
  const now = Math.floor(Date.now() / 1000);
  const token = (n, key = keys.privateKey) =>
    new SignJWT({
      azp: 'https://app.example.com', exp: now + 3600, iat: now - 5, iss: `https://${FRONTEND_API}`, nbf: now - 15,
      sid: `sess_2yXqD8cJ1mVtK4pR9wLzN0sH${n}`, sub: 'user_2yXqCw5bT7nEoG3aUfMiQ8kZ1dP', v: 2, sts: 'active', fva: [3, -1],
    }).setProtectedHeader({ alg: 'RS256', kid: 'ins_2yXqB1rS6hWjY9xAeOuF0vD4lC5', typ: 'JWT', cat: 'cl_B7d4PD111AAA' }).sign(key);
  const tokens = await Promise.all(Array.from({ length: TOKENS }, (_, n) => token(n)));
  const other = await generateKeyPair('RS256');
  return {
    tokens,
    forged: await token(0, other.privateKey),
    env: {
      CLERK_PUBLISHABLE_KEY: `pk_live_${Buffer.from(`${FRONTEND_API}$`).toString('base64')}`,
      CLERK_SECRET_KEY: ['sk', 'live', 'benchmark0000000000000000'].join('_'),
      CLERK_JWT_KEY: await exportSPKI(keys.publicKey),
      JWK: JSON.stringify({ ...(await exportJWK(keys.publicKey)), alg: 'RS256' }),
      PORTCULLIS: { ...POLICY, authorized_parties: ['https://app.example.com'], token_cache: 0 },
    },
  };
}

async function buildBench() {
  await buildWorker();
  const out = await mkdtemp(join(tmpdir(), 'portcullis-bench-'));
  await cp(RELEASE_DIR, out, { recursive: true });
  await rename(join(out, 'index.js'), join(out, 'portcullis-entry.js'));
  await build({
    entryPoints: [join(ROOT, 'bench/worker.mjs')], outfile: join(out, 'index.js'), bundle: true, format: 'esm', minify: true,
    external: ['./portcullis-entry.js', './portcullis.js', 'node:*'], conditions: ['workerd', 'worker'], logLevel: 'error',
  });
  return out;
}

async function call(entry, tokens, times) {
  const [to, name] = ELSEWHERE[entry] ?? [worker, entry];
  const response = await fetch(`${to.url}/${name}`, { method: 'POST', body: JSON.stringify({ tokens, times }) });
  if (!response.ok) throw new Error(`${entry}: ${response.status} ${await response.text()}\n${to.log()}`);
  return response.json();
}

/** A peer that is fast because it checks nothing would be no peer. */
async function refuseBadSignatures() {
  for (const entry of ['floor', 'decision', 'worker', 'seen', 'seenWorker', 'jose', 'clerk']) {
    const good = await call(entry, instance.tokens, 1);
    if (good.refused !== 0) throw new Error(`${entry} refused ${good.refused} good tokens\n${worker.log()}`);
    const bad = await call(entry, [instance.forged], 1);
    if (bad.ok !== 0) throw new Error(`${entry} let a forged token through`);
  }
  for (const entry of ['fewListed', 'manyListed', 'fewUnlisted', 'manyUnlisted']) {
    const { refused } = await call(entry, instance.tokens, 1);
    if (refused !== (entry.endsWith('Unlisted') ? TOKENS : 0)) throw new Error(`${entry} refused ${refused} of ${TOKENS}`);
  }
}

async function warmUp() {
  for (const entry of Object.keys(TIMES)) {
    const end = Date.now() + WARM_UP_MS;
    while (Date.now() < end) await call(entry, instance.tokens, TIMES[entry]);
  }
}

async function measure() {
  const rounds = [];
  const entries = Object.keys(TIMES);
  for (let round = 0; round < ROUNDS; round += 1) {
    const costs = {};
    for (const entry of [...entries.slice(round % entries.length), ...entries.slice(0, round % entries.length)]) {
      const [{ pid }] = ELSEWHERE[entry] ?? [worker];
      const before = await cpuNanoseconds(pid);
      await call(entry, instance.tokens, TIMES[entry]);
      costs[entry] = (await cpuNanoseconds(pid) - before) / 1000 / (TIMES[entry] * TOKENS);
    }
    rounds.push(costs);
  }
  return rounds;
}

/** CPU time of every thread of a workerd. */
async function cpuNanoseconds(pid) {
  const tasks = `/proc/${pid}/task`;
  let total = 0;
  for (const task of await readdir(tasks)) {
    const stat = await readFile(join(tasks, task, 'schedstat'), 'utf8').catch(() => '0');
    total += Number(stat.split(' ')[0]);
  }
  return total;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

async function describe(rounds) {
  const cost = (entry, base) => median(rounds.map((round) => round[entry] - (base ? round[base] : round.empty)));
  const ratio = (entry, base) => median(rounds.map((round) => (round[entry] - (base ? round[base] : round.empty)) / (round.floor - round.empty)));
  const row = (name, entry, base) => `| ${name} | ${cost(entry, base).toFixed(1)} | ${ratio(entry, base).toFixed(2)} |`;
  const wasm = await readFile(join(RELEASE_DIR, 'portcullis_bg.wasm'));
  let gzipped = 0;
  for (const file of await readdir(RELEASE_DIR)) {
    if (/\.(m?js|wasm)$/.test(file)) gzipped += gzipSync(await readFile(join(RELEASE_DIR, file)), { level: 9 }).length;
  }
  const versus = (entry) => (cost(entry, entry === 'clerk' ? 'request' : undefined) / cost('worker', 'request')).toFixed(1);
  const without = (round, entry) => round[entry] - round.publicRequest;
  const longer = (what) => median(rounds.map((round) => without(round, `many${what}`) / without(round, `few${what}`))).toFixed(2);
  return `# Measured

\`npm run bench\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${ROUNDS} rounds of ${TOKENS} RS256 tokens (2048 bits, ${instance.tokens[0].length} bytes).
CPU time of workerd, medians of paired rounds; the machine is shared, so trust the ratios before the microseconds.
Where an entry needs a \`Request\` object, what making one costs is taken off.

| what | µs | x floor |
|---|---|---|
${row('floor: bare `crypto.subtle.verify`, key and operands ready', 'floor')}
${row('Portcullis Worker, new token: the decision', 'decision', 'request')}
${row('Portcullis Worker, new token: the whole of `fetch`, forwarding included', 'worker', 'request')}
${row('Portcullis Worker, token seen before: the decision', 'seen', 'request')}
${row('Portcullis Worker, token seen before, forwarding included', 'seenWorker', 'request')}
${row('`jose.jwtVerify` alone, key ready', 'jose')}
${row('`@clerk/backend` `authenticateRequest`, `jwtKey` given', 'clerk', 'request')}
${row('Portcullis Worker, public path without a token: the decision', 'publicDecision', 'publicRequest')}
${row('Portcullis Worker, public path without a token, forwarding included', 'public', 'publicRequest')}
${row('10 patterns, path of the last of them: the decision', 'fewListed', 'publicRequest')}
${row('1,000 patterns, path of the last of them: the decision', 'manyListed', 'publicRequest')}
${row('10 patterns, path of none: the decision, a 401', 'fewUnlisted', 'publicRequest')}
${row('1,000 patterns, path of none: the decision, a 401', 'manyUnlisted', 'publicRequest')}

Against the Portcullis Worker, \`@clerk/backend\` takes ${versus('clerk')} x and \`jose\` ${versus('jose')} x the time. A token seen
before is decided ${(cost('clerk', 'request') / cost('seen', 'request')).toFixed(0)} x faster than \`@clerk/backend\` does.
A policy of 1,000 patterns costs ${longer('Listed')} x what one of 10 costs where the path is that of the last pattern, ${longer('Unlisted')} x where it is that of none.

| size | bytes |
|---|---|
| Worker, Wasm | ${wasm.length} |
| Worker, Wasm and JavaScript, gzipped | ${gzipped} |
`;
}
