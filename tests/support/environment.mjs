// The environment of a program that a test starts: where programs, caches and builds of this machine are, and nothing else of it. Colours,
// languages, time zones, proxies, options of Node, keys and repositories that the caller has set would change what it says or does.

/** What is the machine's to say; `CARGO…` and `RUST…` are how this machine compiles. */
const KEPT = /^(PATH|HOME|TMPDIR|REAL_CARGO|PORTCULLIS_WASM_TARGET|(CARGO|RUST)\w*)$/;
/** The same everywhere; and nobody is told that tests run. */
const FIXED = { LC_ALL: 'C.UTF-8', TZ: 'UTC', CLERK_TELEMETRY_DISABLED: '1', NEXT_TELEMETRY_DISABLED: '1', WRANGLER_SEND_METRICS: 'false' };

/**
 * @param {Record<string, string | undefined>} [own] what this program is told beside it
 * @returns {Record<string, string | undefined>}
 */
export function environment(own) {
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => KEPT.test(name))), ...FIXED, ...own };
}
