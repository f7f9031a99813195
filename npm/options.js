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

/** @typedef {WeakMap<object, { values: unknown[], description: string }>} Described */

/**
 * The last description of an options object, and what it was made of: most apps have one object for all requests.
 *
 * @type {Described}
 */
const described = new WeakMap();
/** The same, of those with a suffix: it depends on the publishable key alone. @type {Described} */
const describedWithSuffix = new WeakMap();

/**
 * @param {Record<string, unknown>} options
 * @param {string} [cookieSuffix] what the names of the instance's cookies end in
 */
export function describeOptions(options, cookieSuffix) {
  // Reading the environment can be slow: only where it matters.
  const variables = !options.proxyUrl && !options.domain && /^(pk_)?live_/.test(String(options.publishableKey)) ? environment() : undefined;
  if (variables?.VERCEL_TARGET_ENV) {
    return JSON.stringify({ ...known(options), cookieSuffix, vercel: Object.fromEntries(VERCEL.map((name) => [name, variables[name]])) });
  }
  const descriptions = cookieSuffix === undefined ? described : describedWithSuffix;
  const kept = descriptions.get(options);
  if (kept !== undefined && kept.values.every((value, index) => isSame(value, options[NAMES[index]]))) return kept.description;
  const description = JSON.stringify({ ...known(options), cookieSuffix });
  const values = NAMES.map((name) => options[name]).map((value) => (Array.isArray(value) ? [...value] : value));
  if (Object(options) === options && values.every(isKept)) descriptions.set(options, { values, description });
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
