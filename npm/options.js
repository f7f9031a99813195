// Options on their way into Wasm: those that the core knows, and nothing else.

const NAMES = [
  'publishableKey', 'secretKey', 'machineSecretKey', 'jwtKey', 'apiUrl', 'apiVersion', 'authorizedParties', 'audience', 'issuer',
  'clockSkewInMs', 'headerType', 'skipJwksCache', 'proxyUrl', 'domain', 'isSatellite', 'satelliteAutoSync', 'signInUrl', 'signUpUrl',
  'organizationSyncOptions', 'acceptsToken',
];

/** What Vercel says about where it runs: the proxy of the Frontend API can depend on it. */
const VERCEL = ['VERCEL_TARGET_ENV', 'VERCEL_PROJECT_PRODUCTION_URL', 'CLERK_DISABLE_AUTO_PROXY'];

/** @type {() => Record<string, string | undefined> | undefined} */
let environment = () => undefined;

/**
 * Tells where the environment's variables are, on hosts that may be Vercel.
 *
 * @param {() => Record<string, string | undefined> | undefined} read
 */
export function useEnvironment(read) {
  environment = read;
}

/** @param {Record<string, unknown>} options */
export function describeOptions(options) {
  /** @type {Record<string, unknown>} */
  const known = {};
  for (const name of NAMES) {
    if (options[name] !== undefined) known[name] = options[name];
  }
  // Reading the environment can be slow: only where it matters.
  if (!options.proxyUrl && !options.domain && /^(pk_)?live_/.test(String(options.publishableKey))) {
    const variables = environment();
    if (variables?.VERCEL_TARGET_ENV) known.vercel = Object.fromEntries(VERCEL.map((name) => [name, variables[name]]));
  }
  return JSON.stringify(known);
}
