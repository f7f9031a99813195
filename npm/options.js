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

/**
 * The last description of an options object, and what it was made of: most apps have one object for all requests.
 *
 * @type {WeakMap<object, { values: unknown[], description: string }>}
 */
const described = new WeakMap();

/** @param {Record<string, unknown>} options */
export function describeOptions(options) {
  // Reading the environment can be slow: only where it matters.
  const variables = !options.proxyUrl && !options.domain && /^(pk_)?live_/.test(String(options.publishableKey)) ? environment() : undefined;
  if (variables?.VERCEL_TARGET_ENV) {
    return JSON.stringify({ ...known(options), vercel: Object.fromEntries(VERCEL.map((name) => [name, variables[name]])) });
  }
  const kept = described.get(options);
  if (kept !== undefined && kept.values.every((value, index) => isSame(value, options[NAMES[index]]))) return kept.description;
  const description = JSON.stringify(known(options));
  const values = NAMES.map((name) => options[name]).map((value) => (Array.isArray(value) ? [...value] : value));
  if (Object(options) === options && values.every(isKept)) described.set(options, { values, description });
  return description;
}

/** @param {Record<string, unknown>} options */
function known(options) {
  return Object.fromEntries(NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

/** Whether a later look can tell that it is the same still. @param {unknown} value */
function isKept(value) {
  return value === null || typeof value !== 'object' || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
}

/** @param {unknown} kept @param {unknown} value */
function isSame(kept, value) {
  if (!Array.isArray(kept)) return kept === value;
  return Array.isArray(value) && value.length === kept.length && kept.every((one, index) => one === value[index]);
}
