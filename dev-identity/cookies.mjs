// The cookies that the Frontend API sets for an app, as `Set-Cookie` directives: each by its plain and by its suffixed name.

const YEAR_SECONDS = 365 * 24 * 60 * 60;
const KEEP = `Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax`;
const REMOVE = 'Path=/; Max-Age=0; SameSite=Lax';

/**
 * What an app's cookies must become for this client: dev browser, client time, and the session or its absence.
 *
 * @param {import('./instance.mjs').Instance} instance
 * @param {import('./people.mjs').Client} client
 * @param {string | undefined} azp the app's origin, for the session token
 */
export function clientDirectives(instance, client, azp) {
  return [
    ...both(instance, '__clerk_db_jwt', client.devBrowser, KEEP),
    ...both(instance, '__client_uat', String(client.updatedAt), KEEP),
    ...sessionDirectives(instance, client.session, azp),
  ];
}

/**
 * A session's cookies, or their removal. The refresh token exists only by its suffixed name.
 *
 * @param {import('./instance.mjs').Instance} instance
 * @param {import('./people.mjs').Session | undefined} session
 * @param {string | undefined} azp
 */
export function sessionDirectives(instance, session, azp) {
  const refresh = `__refresh_${instance.cookieSuffix}`;
  if (!session) return [...both(instance, '__session', '', REMOVE), `${refresh}=; ${REMOVE}; HttpOnly`];
  const token = sessionToken(instance, session, azp);
  return [...both(instance, '__session', token, KEEP), `${refresh}=${session.refreshToken}; ${KEEP}; HttpOnly`];
}

/**
 * @param {import('./instance.mjs').Instance} instance
 * @param {import('./people.mjs').Session} session
 * @param {string | undefined} azp
 */
export function sessionToken(instance, session, azp) {
  const claims = { sub: session.user.id, sid: session.id, metadata: session.user.publicMetadata };
  return instance.mintToken(azp === undefined ? claims : { ...claims, azp });
}

/**
 * Returns one cookie of a `Cookie` header.
 *
 * @param {string | undefined} header
 * @param {string} name
 */
export function readCookie(header, name) {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/**
 * @param {import('./instance.mjs').Instance} instance
 * @param {string} name
 * @param {string} value
 * @param {string} attributes
 */
function both(instance, name, value, attributes) {
  return [name, `${name}_${instance.cookieSuffix}`].map((each) => `${each}=${value}; ${attributes}`);
}
