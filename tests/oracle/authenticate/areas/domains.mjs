// Several domains: satellites, and primaries that somebody comes to from elsewhere.

import { cookieHeader, cookies, method, navigation } from '../browser.mjs';
import { start, token } from '../draft.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** A satellite that may have to ask its primary. @param {Random} random */
export function satellite(random) {
  const draft = start(random, 'satellites');
  const { made, request, options } = draft;
  const site = 'https://app.satellite.example';
  const change = random.pick([{ domain: 'satellite.example' }, { domain: 'satellite.example' }, { proxyUrl: 'https://satellite.example/__clerk' }, { proxyUrl: '/__clerk' }, { domain: '' }]);
  Object.assign(options, change, { isSatellite: true });
  if (random.chance(0.8)) options.signInUrl = random.pick(['https://primary.example.com/sign-in', 'https://primary.example.com/sign-in?a=1', '/sign-in', `${site}/sign-in`]);
  if (random.chance(0.5)) options.satelliteAutoSync = random.pick([true, true, false, 'true']);
  request.method = method(random);
  request.url = `${site}/page${random.pick(['', '?x=1', '?__clerk_synced=false', '?__clerk_synced=true', '?__clerk_synced=x', '?__clerk_synced=true&__clerk_synced=false'])}`;
  request.headers = random.chance(0.6) ? { 'sec-fetch-dest': 'document' } : navigation(random);
  if (random.chance(0.7)) request.headers.cookie = cookies(random, draft);
  if (random.chance(0.2)) request.headers.origin = random.pick([site, 'https://primary.example.com', 'null']);
  return made;
}

/** A primary, and where the browser comes from. @param {Random} random */
export function primary(random) {
  const draft = start(random, 'primaries and referrers');
  const { made, request, instance, options, now } = draft;
  if (random.chance(0.3)) options.signInUrl = random.pick(['/sign-in', `${instance.site}/sign-in`]);
  if (random.chance(0.3)) options.proxyUrl = random.pick(['/__clerk', `${instance.site}/__clerk`, 'https://proxy.example.com/']);
  if (random.chance(0.2)) options.domain = 'example.com';
  request.headers = {
    'sec-fetch-dest': random.pick(['document', 'document', 'document', 'iframe', 'empty']),
    referer: random.pick([
      'https://satellite.example/x', 'https://other.example', `https://${instance.api}/x`, instance.site, `${instance.site}/other`, 'nonsense', 'https://proxy.example.com/x',
      'https://tidy-otter-42.accounts.dev/sign-in', 'https://accounts.example.com/sign-in', 'http://accounts.example.com', 'https://accounts.x.lcl.dev', 'about:blank', '', 'https://[::1', 'http://a b/', ' HTTPS://', 'https://[::1]:80/', 'android-app://com.example/',
    ]),
    cookie: cookieHeader([], {
      __session: token(random, draft, { odd: 0.1 }),
      __client_uat: `${Math.floor(now / 1000) - 100}`,
      __clerk_db_jwt: 'dvb_1',
      __clerk_redirect_count: random.pick([undefined, undefined, '0', '1', '3', 'x']),
    }),
  };
  request.method = method(random);
  if (instance.isDev && random.chance(0.3)) {
    options.authorizedParties = [instance.site, 'https://satellite.example'];
    const target = random.pick(['https://satellite.example/x?a=1', 'https://satellite.example', 'http://localhost:4000/back#f', 'https://satellite.example/?__clerk_synced=false']);
    request.url += `?__clerk_redirect_url=${encodeURIComponent(target)}`;
  }
  return made;
}
