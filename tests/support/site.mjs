// The site that tests of the package keep behind a gate: public, admin and API paths, and its users' tokens.

import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';

/** @param {typeof INSTANCES.dev} [instance] what `createGate` takes for it */
export const configOf = ({ publishableKey, site } = INSTANCES.dev) => ({
  publishableKey,
  jwtKey: PEM,
  authorizedParties: [site],
  public: ['/', '/open/:path*'],
  admin: ['/admin(.*)'],
  adminRequires: { claim: 'metadata.role', oneOf: ['admin', 'owner'] },
  api: ['/api(.*)'],
});

/** A fresh session token of the development instance. @param {Record<string, unknown>} [changes] other claims, or more */
export function token(changes = {}) {
  const { api, site } = INSTANCES.dev;
  return jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh, ...changes });
}
