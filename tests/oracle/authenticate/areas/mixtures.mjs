// Cases of other areas with what has nothing to do with them.

import { method, navigation } from '../browser.mjs';

/** @typedef {import('../random.mjs').Random} Random */
/** @typedef {import('../draft.mjs').Case} Case */

/**
 * A case of another area with options and headers that have nothing to do with it.
 *
 * @param {readonly ((random: Random) => Case)[]} areas
 * @param {Random} random
 */
export function mixtureOf(areas, random) {
  const made = areas[random.below(areas.length)](random);
  const { options } = made;
  const request = /** @type {NonNullable<Case['request']>} */ (made.request);
  const { origin } = new URL(request.url);
  const changes = [
    () => (options.proxyUrl = random.pick(['/__clerk', 'https://proxy.example/__clerk/', ''])),
    () => (options.domain = random.pick(['example.com', 'satellite.example', ''])),
    () => Object.assign(options, { isSatellite: random.pick([true, false, 1]), domain: 'satellite.example', signInUrl: 'https://primary.example.com/sign-in' }),
    () => (options.satelliteAutoSync = true),
    () => (options.acceptsToken = random.pick(['any', 'session_token', ['session_token', 'm2m_token'], ['oauth_token'], 'm2m_token'])),
    () => (options.authorizedParties = random.pick([[origin], ['https://www.example.com', 'http://localhost:3000'], ['https://evil.example']])),
    () => (options.organizationSyncOptions = { organizationPatterns: ['/orgs/:slug(.*)', '/:slug'], personalAccountPatterns: ['/', '/dash(.*)'] }),
    () => (options.clockSkewInMs = random.pick([0, 600_000, 1e9, 1e18])),
    () => (options.machineSecretKey = 'ak_machine'),
    () => (options.apiUrl = 'https://api.example.com/clerk'),
    () => delete options.jwtKey,
    () => Object.assign(request.headers, { 'x-forwarded-host': random.pick(['www.example.com', 'a.example:8443']), 'x-forwarded-proto': random.pick(['https', 'http']) }),
    () => (request.headers.referer = random.pick(['https://satellite.example/x', origin, 'https://accounts.example.com/'])),
    () => (request.headers.origin = random.pick([origin, 'https://primary.example.com'])),
    () => Object.assign(request.headers, { 'sec-fetch-site': random.pick(['same-origin', 'cross-site', 'none']) }),
    () => Object.assign(request.headers, navigation(random)),
    () => (request.method = method(random)),
    () => (request.url += `${request.url.includes('?') ? '&' : '?'}${random.pick(['__clerk_synced=false', '__clerk_synced=true', 'a=%zz&b', 'q=%F0%9F%98%80+x', '__clerk_help=1'])}`),
    () => (request.url = request.url.replace('#', '')),
  ];
  for (const change of random.some(changes)) if (random.chance(0.5)) change();
  return { ...made, area: 'mixtures' };
}
