// Options on their way into Wasm: those that the core knows, and nothing else.

import { kindOf, refused } from './errors.js';

const NAMES = [
  'publishableKey', 'secretKey', 'machineSecretKey', 'jwtKey', 'apiUrl', 'apiVersion', 'authorizedParties', 'audience', 'issuer',
  'clockSkewInMs', 'headerType', 'skipJwksCache', 'proxyUrl', 'domain', 'isSatellite', 'satelliteAutoSync', 'signInUrl', 'signUpUrl',
  'organizationSyncOptions', 'acceptsToken',
];
/** Options of Clerk's that mean nothing here, or are only handed through. */
const IDLE = ['afterSignInUrl', 'afterSignUpUrl', 'apiClient', 'jwksCacheTtlInMs', 'requireSecretKey', 'sdkMetadata', 'telemetry', 'userAgent'];
/** Letters at the beginning by which a misspelt name is known again. */
const ALIKE = 5;

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
 * On a development instance a name that nobody knows is a mistake to be told; on a live one it changes nothing, as with Clerk.
 *
 * @param {Record<string, unknown>} options
 */
function refuseUnknown(options) {
  if (![options.publishableKey, options.secretKey].some((key) => /^[ps]k_test_/.test(String(key)))) return;
  const unknown = Object.keys(options).find((name) => options[name] !== undefined && !NAMES.includes(name) && !IDLE.includes(name));
  if (unknown === undefined) return;
  const start = (/** @type {string} */ name) => name.replaceAll('_', '').slice(0, ALIKE).toLowerCase();
  const meant = NAMES.find((name) => start(name) === start(unknown));
  const help = meant === undefined ? '' : `; did you mean \`${meant}\`?`;
  throw refused('invalid-options', `unknown option \`${unknown}\`: it would be ignored, and is an error on development instances${help}`);
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
    return asJson({ ...known(options), cookieSuffix, vercel: Object.fromEntries(VERCEL.map((name) => [name, variables[name]])) });
  }
  const descriptions = cookieSuffix === undefined ? described : describedWithSuffix;
  const kept = descriptions.get(options);
  if (kept !== undefined && kept.values.every((value, index) => isSame(value, options[NAMES[index]]))) return kept.description;
  refuseUnknown(options);
  const description = asJson({ ...known(options), cookieSuffix });
  const values = NAMES.map((name) => options[name]).map((value) => (Array.isArray(value) ? [...value] : value));
  if (Object(options) === options && values.every(isKept)) descriptions.set(options, { values, description });
  return description;
}

/**
 * The options as they are now, whatever becomes of the object: inherited and hidden ones too, which are read like the others.
 *
 * @param {Record<string, unknown>} options
 */
export function copyOfOptions(options) {
  return { ...options, ...known(options) };
}

/** @param {Record<string, unknown>} options */
function known(options) {
  return Object.fromEntries(NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

/**
 * The options as JSON. What JSON would drop without a word is an error: without its `authorizedParties` a check lets everybody's tokens in.
 *
 * @param {Record<string, unknown>} options
 */
function asJson(options) {
  for (const [name, value] of Object.entries(options)) {
    const writesItself = typeof (/** @type {any} */ (value)?.toJSON) === 'function';
    if (writesItself || ['function', 'symbol', 'bigint'].includes(typeof value) || (typeof value === 'number' && !Number.isFinite(value))) {
      const found = writesItself ? 'an object with `toJSON`' : typeof value === 'number' ? String(value) : kindOf(value);
      throw refused('invalid-options', `option \`${name}\` is ${found}, expected text, a finite number, a boolean, a list or an object`);
    }
  }
  try {
    return JSON.stringify(options);
  } catch (cause) {
    // A cycle, a BigInt further in, or a `toJSON` or getter further in that throws.
    throw refused('invalid-options', 'the options cannot be written as JSON', { cause });
  }
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
