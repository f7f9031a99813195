// Paths that want an organization active.

import { cookieHeader, method, navigation } from '../browser.mjs';
import { claims, start, token } from '../draft.mjs';
import { jws } from '../instance.mjs';

/** @typedef {import('../random.mjs').Random} Random */

/** A path and the session's organization, alike or not. @param {Random} random */
export function organization(random) {
  const draft = start(random, 'organizations');
  const { made, request, instance, options, now } = draft;
  options.organizationSyncOptions = random.pick([
    { organizationPatterns: ['/orgs/:slug', '/orgs/:slug/(.*)'], personalAccountPatterns: ['/me', '/me/(.*)'] },
    { organizationPatterns: ['/orgs/:id', '/orgs/:id/(.*)'] },
    { personalAccountPatterns: ['/me/(.*)'] },
    { organizationPatterns: ['/a/:any/:slug?'], personalAccountPatterns: ['/(.*)'] },
    { organizationPatterns: [], personalAccountPatterns: [] },
    { organizationPatterns: ['/orgs/:id(org_[a-z0-9]+)', '/orgs/:slug'] },
    {},
  ]);
  const path = random.pick(['/orgs/acme', '/orgs/acme/x', '/orgs/other', '/orgs/org_1', '/orgs/org_2/x', '/me', '/me/x', '/a/b/acme', '/a/b', '/', '/orgs/', '/orgs/%61cme', '/orgs/a%2fb', '/ORGS/acme', '/orgs/acme?x=1']);
  request.url = instance.site + path;
  request.method = method(random);
  request.headers = navigation(random);
  const uat = random.chance(0.9) ? `${Math.floor(now / 1000) - 100}` : '0';
  const session = token(random, draft, { odd: 0.15 });
  request.headers = {
    ...request.headers,
    cookie: cookieHeader([], { __session: session, __client_uat: uat, __clerk_db_jwt: 'dvb_1', __clerk_redirect_count: random.pick([undefined, undefined, '2', '3']) }),
  };
  if (random.chance(0.1)) request.headers.authorization = `Bearer ${jws(claims(random, draft))}`;
  return made;
}
