// Answers as values, so that a handler is a function from a call to an answer.

/** @typedef {{ status: number, headers: Record<string, string | string[]>, body: string }} Reply */

/**
 * @param {number} status
 * @param {object} value
 * @returns {Reply}
 */
export function json(status, value) {
  // Exactly this content type: Clerk's SDK reads JSON only from an answer without a charset.
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

/**
 * An error in Clerk's form.
 *
 * @param {number} status
 * @param {string} code
 * @param {string} message
 */
export function problem(status, code, message) {
  return json(status, { errors: [{ code, message, long_message: message }], clerk_trace_id: 'development' });
}

/**
 * @param {303 | 307} status
 * @param {string} location
 * @param {Record<string, string | string[]>} [headers]
 * @returns {Reply}
 */
export function redirect(status, location, headers = {}) {
  return { status, headers: { Location: location, ...headers }, body: '' };
}

/**
 * @param {number} status
 * @param {string} body
 * @returns {Reply}
 */
export function html(status, body) {
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    // Chromium applies form-action to where a form's answer redirects, too: the app on another port.
    'Content-Security-Policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http://localhost:* http://127.0.0.1:*; " +
      "base-uri 'none'; frame-ancestors 'none'",
    'Referrer-Policy': 'strict-origin-when-cross-origin',
  };
  return { status, headers, body };
}
