// `bench/results.json` to `bench/RESULTS.md`: the bars, each beside what was measured, and the tables behind them.

/** Everything that was measured last, by part; each part with the day and the program that measured it. @typedef {Record<string, any>} Results */

/** @param {Results} results */
export function renderResults(results) {
  const { decisions, startUp, coldKeys, patterns, scaling, flood } = results;
  return [
    heading(results),
    bars(results),
    decisions && decisionTables(decisions),
    startUp && startUpTable(startUp),
    coldKeys && coldKeysTable(coldKeys),
    (patterns || scaling) && scalingTables([...(patterns?.dimensions ?? []), ...(scaling?.dimensions ?? [])]),
    flood && floodTable(flood),
  ].filter(Boolean).join('\n');
}

/** @param {Results} results */
function heading(results) {
  const days = Object.entries(results).map(([part, { on, node }]) => `${part} ${on} (Node ${node})`).join(',\n');
  return `# Measured

By \`npm run bench\` and, for the flood and for all that scales, \`npm run bench -- --all\`. Last measured:
${days}.

CPU time of workerd, RS256 with 2048 bits, medians of paired rounds. The machine is shared: trust the ratios before the microseconds. Every entry
refuses a forged token before it is measured.
`;
}

/** @param {Results} results */
function bars({ decisions, startUp, coldKeys, patterns, flood }) {
  /** @type {string[]} */
  const lines = [];
  /** @param {string} what @param {number | undefined} measured @param {string} shown @param {number} bar @param {string} barShown @param {boolean} [isAtLeast] */
  const add = (what, measured, shown, bar, barShown, isAtLeast = false) => {
    if (measured === undefined) return;
    const isHeld = isAtLeast ? measured >= bar : measured <= bar;
    lines.push(`| ${what} | ${barShown} | ${shown} | ${isHeld ? 'yes' : '**no**'} |`);
  };
  /** @param {string} name */
  const row = (name) => decisions?.rows.find((/** @type {any} */ one) => one.name === name) ?? {};
  const floors = (/** @type {string} */ what, /** @type {string} */ name, /** @type {number} */ bar) =>
    add(what, row(name).floors, `${row(name).floors?.toFixed(2)} x`, bar, `at most ${bar} x the floor`);
  const clerks = (/** @type {string} */ what, /** @type {string} */ name, /** @type {number} */ bar) =>
    add(what, row(name).clerks, `${row(name).clerks?.toFixed(1)} x`, bar, `${bar} x faster than \`@clerk/backend\``, true);
  floors('new token, package', 'packageNew', 1.3);
  clerks('new token, package', 'packageNew', 8);
  add('new token, package', row('packageNew').joses, `${row('packageNew').joses?.toFixed(2)} x`, 1.3, '1.3 x faster than `jose.jwtVerify`', true);
  floors('new token, Worker', 'workerNew', 1.7);
  clerks('token seen before, package', 'packageSeen', 50);
  clerks('token seen before, Worker', 'workerSeen', 50);
  for (const [what, name] of [['met before, package', 'packagePublic'], ['met before, Worker', 'workerPublic'], ['never met, package', 'packageUnmet'], ['never met, Worker', 'workerUnmet']]) {
    add(`public path, no token, ${what}`, row(name).cost, `${row(name).cost?.toFixed(1)} µs`, 5, 'under 5 µs');
  }
  for (const { what, rows } of patterns?.dimensions ?? []) {
    for (const [entry, growth] of Object.entries(rows.at(-1).growth)) add(`${what}: 1,000 against 10, ${subject(entry)}`, growth, `${growth.toFixed(2)} x`, 3, 'at most 3 x');
  }
  const started = (/** @type {string} */ name) => startUp?.rows.find((/** @type {any} */ one) => one.name === name);
  for (const [name, bar] of /** @type {[string, number][]} */ ([['package-gate', 10], ['package-authenticate', 10], ['package-small', 10], ['worker', 25]])) {
    const found = started(name);
    add(`start-up CPU, ${found?.what}`, found?.milliseconds, `${found?.milliseconds.toFixed(1)} ms`, bar, `at most ${bar} ms`);
  }
  if (startUp) {
    const { sessionGzipped } = startUp.shipped;
    add('gzipped, Wasm of the package\'s `authenticateRequest`, options that few have left out', sessionGzipped, kilobytes(sessionGzipped), 64_000, 'at most 64 KB, goal 41');
    add('gzipped, the same and all JavaScript: what an app for Node or browsers gets', inNode(startUp), kilobytes(inNode(startUp)), 64_000, 'at most 64 KB, goal 41');
  }
  for (const name of ['package-small', 'package-authenticate', 'package-gate']) {
    const found = started(name);
    add(`gzipped, ${found?.what}, all that a Worker gets`, found?.gzipped, kilobytes(found?.gzipped), 64_000, 'at most 64 KB, goal 41');
  }
  add('gzipped, Worker', startUp?.shipped.worker, kilobytes(startUp?.shipped.worker), 200_000, 'at most 200 KB');
  for (const { what, fetches } of coldKeys?.rows ?? []) add(`cold key set, ${coldKeys.requests} requests at once, ${what}`, fetches, `${fetches}`, 1, '1 fetch');
  if (flood) {
    const isolate = isolateBytes(flood.after);
    add(`${thousands(flood.good + flood.bad)} distinct tokens, after a collection of garbage`, isolate, megabytes(isolate), 64_000_000, 'an isolate under 64 MB');
  }
  return `## The bars

| what | bar | measured | held |
|---|---|---|---|
${lines.join('\n')}
`;
}

/** @param {any} decisions */
function decisionTables({ rounds, tokenBytes, rows }) {
  const lines = rows.map((/** @type {any} */ { what, cost, floors, clerks }) => `| ${what} | ${cost.toFixed(1)} | ${floors.toFixed(2)} | ${cost < 1 ? '' : clerks.toFixed(1)} |`);
  return `## Decisions

${rounds} rounds of 400 to 20,000 decisions an entry, so that collections of garbage are in each of them; tokens have ${tokenBytes} bytes. New tokens are distinct, and more than the memory for seen ones holds; settings are the defaults.
What making the \`Request\` costs is taken off, and of Hono's rows what Hono costs without the middleware. Forwarding goes to a function in the
same isolate that answers at once.

| what | µs | x floor | x faster than \`@clerk/backend\` |
|---|---|---|---|
${lines.join('\n')}
`;
}

/** What an app with `authenticateRequest` gets where a module is loaded when it is needed, in bytes gzipped. @param {any} startUp */
function inNode({ shipped }) {
  return shipped.sessionGzipped + shipped.scriptInNode;
}

/** @param {any} startUp */
function startUpTable(startUp) {
  const { rounds, rows, shipped } = startUp;
  const lines = rows.map((/** @type {any} */ { name, what, milliseconds, gzipped }) => `| ${what} | ${name === 'pass-through' ? '' : '+'}${milliseconds.toFixed(1)} | ${kilobytes(gzipped)} |`);
  return `## Start-up and size

CPU time of a fresh workerd process up to its first answer, above that of a Worker that checks nothing: medians of ${rounds} processes each, in turns.
Sizes are of the whole app, bundled and minified by esbuild, each module gzipped.

| app | start-up, ms | gzipped |
|---|---|---|
${lines.join('\n')}

As shipped: the Worker ${kilobytes(shipped.worker)} gzipped, of which the Wasm is ${kilobytes(shipped.workerWasm)} before.
Of the package's modules the one of \`authenticateRequest\` is ${kilobytes(shipped.session)} before, the one of \`createGate\` ${kilobytes(shipped.gate)}.
Where options name tokens of machines, a satellite or organization patterns, another is loaded for \`authenticateRequest\`, ${kilobytes(shipped.sessionAll)};
without it an app has ${kilobytes(inNode(startUp))} gzipped in Node and in browsers. A Worker and Vercel's edge runtime have all of their modules from the
start, and there \`authenticateRequest\` is that one alone; that of \`portcullis/small\` is the first alone, everywhere.
`;
}

/** @param {any} coldKeys */
function coldKeysTable({ requests, rows }) {
  return `## Cold key set

${requests} requests with good tokens at once, to a fresh isolate whose Backend API takes 0.3 s: all are let through.

| who | key-set fetches |
|---|---|
${rows.map((/** @type {any} */ { what, fetches }) => `| ${what} | ${fetches} |`).join('\n')}
`;
}

/** @param {any[]} dimensions */
function scalingTables(dimensions) {
  const tables = dimensions.map(({ what, rows }) => {
    const entries = Object.keys(rows[0].costs);
    const cells = (/** @type {any} */ { costs, growth }) => entries.map((entry) => `${costs[entry].toFixed(1)} | ${growth[entry].toFixed(2)}`).join(' | ');
    return `| ${what} | floor, µs | ${entries.map((entry) => `${subject(entry)}, µs | x the first`).join(' | ')} |
|---|---|${entries.map(() => '---|---|').join('')}
${rows.map((/** @type {any} */ row) => `| ${row.label} | ${row.floor.toFixed(1)} | ${cells(row)} |`).join('\n')}
`;
  });
  return `## What grows, and how

No token is remembered here. Each table was measured in turns; compare within a row and within a table, not between tables.

${tables.join('\n')}`;
}

/** @param {any} flood */
function floodTable({ good, bad, before, highestHeap, after }) {
  const row = (/** @type {string} */ what, /** @type {any} */ { wasm, heap, resident }) =>
    `| ${what} | ${megabytes(wasm.worker)} | ${megabytes(wasm.package)} | ${megabytes(heap)} | ${resident.toFixed(0)} MB |`;
  return `## A flood of tokens

${thousands(good)} good tokens and ${thousands(bad)} bad ones, all distinct, in turns through the Worker and the package, both in one isolate: bad signatures, claims that nobody
signed, unknown keys, no algorithm, broken JSON, long ones. The good ones are as many as can be signed in a run; each is another session. Tokens
come 5,000 a request, as JSON, whose garbage V8 leaves for a while: during the flood the heap was at most ${megabytes(highestHeap)}, garbage included. What is left
is read after a collection. The process holds workerd itself, and what its allocator keeps for later.

| | Wasm memory, Worker | Wasm memory, package | heap | process |
|---|---|---|---|---|
${row('before', before)}
${row('after', after)}
`;
}

/** Of an isolate that has the Worker alone, with the heap of both. @param {any} state */
function isolateBytes({ wasm, heap }) {
  return Math.max(wasm.worker, wasm.package) + heap;
}

/** @param {string} entry */
function subject(entry) {
  return entry.startsWith('worker') ? 'Worker' : 'package';
}

/** @param {number | undefined} bytes */
function kilobytes(bytes = 0) {
  return `${(bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)} KB`;
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** @param {number} number */
function thousands(number) {
  return number.toLocaleString('en');
}
