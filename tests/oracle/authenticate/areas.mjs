// All areas of the generator, each with the number of its cases. What `known.mjs` lists is kept out of here, so that every case
// of these areas has to agree.

import { cookie, refresh } from './areas/cookies.mjs';
import { primary, satellite } from './areas/domains.mjs';
import { handshake } from './areas/handshake.mjs';
import { machines } from './areas/machines.mjs';
import { mixtureOf } from './areas/mixtures.mjs';
import { organization } from './areas/organizations.mjs';
import { option, publicUrl } from './areas/settings.mjs';
import { cookieForms, headerForms, oddClaims } from './areas/shapes.mjs';
import { headerToken, tokenAlone } from './areas/tokens.mjs';

/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {import('./draft.mjs').Case} Case */

/** Areas whose cases can take any change: in the others one could make one of the listed differences. The seed counts on the order. */
const MIXED = [headerToken, cookie, handshake, satellite, organization, refresh, machines, publicUrl];

/** @type {Record<string, { count: number, make: (random: Random) => Case }>} */
export const AREAS = {
  'header tokens': { count: 900, make: headerToken },
  cookies: { count: 1700, make: cookie },
  handshake: { count: 700, make: handshake },
  satellites: { count: 600, make: satellite },
  'primaries and referrers': { count: 500, make: primary },
  organizations: { count: 500, make: organization },
  refresh: { count: 600, make: refresh },
  machines: { count: 1000, make: machines },
  'public URLs': { count: 500, make: publicUrl },
  options: { count: 400, make: option },
  verifyToken: { count: 700, make: tokenAlone },
  'odd claims': { count: 600, make: oddClaims },
  'cookie forms': { count: 500, make: cookieForms },
  'header forms': { count: 400, make: headerForms },
  mixtures: { count: 1500, make: (random) => mixtureOf(MIXED, random) },
};
