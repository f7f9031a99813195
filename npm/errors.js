// The one error that callers see.

/** What every function here rejects with. Switch on `code` and `reason`: `instanceof` fails across bundles. */
export class PortcullisError extends Error {
  /**
   * @param {import('./index.js').ErrorCode} code
   * @param {string} reason
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, reason, message, options) {
    super(message, options);
    this.name = 'PortcullisError';
    this.code = code;
    this.reason = reason;
    /** Everything that is wrong with a configuration. @type {readonly { readonly setting: string, readonly message: string }[] | undefined} */
    this.errors = undefined;
    /** What to answer, where the request is at fault. @type {400 | 413 | undefined} */
    this.statusCode = undefined;
  }
}

/**
 * An error whose reason is its code.
 *
 * @param {import('./index.js').ErrorCode} code
 * @param {string} message
 * @param {{ cause?: unknown }} [options]
 */
export function refused(code, message, options) {
  return new PortcullisError(code, code, message, options);
}

/**
 * @param {string} name of the argument
 * @param {unknown} found
 * @param {string} expected
 */
export function invalidArgument(name, found, expected) {
  return refused('invalid-argument', `argument \`${name}\` is ${kindOf(found)}, expected ${expected}`);
}

/** What a value is, in a word, never the value: it may be a secret. @param {unknown} value */
export function kindOf(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
