// Auth objects of who signed in with another issuer than Clerk, as only a gate lets them.

/**
 * What Clerk's claims mean is not read from another issuer's.
 *
 * @param {any} auth
 * @param {string | null} token
 * @param {object} about
 * @param {import('./auth.js').Meets} meets
 */
export function issuedObject(auth, token, about, meets) {
  const { issuer, userId, roles, permissions } = auth;
  const facts = { issuer, userId, roles, permissions };
  return {
    ...auth,
    getToken: () => Promise.resolve(token),
    has: (/** @type {unknown} */ asked) => meets(facts, asked),
    debug: () => ({ ...about }),
  };
}
