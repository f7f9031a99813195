// Options that narrow what a token may be, and key sets as the Backend API may answer them.

import { JWK, KID, OTHER_JWK } from './instance.mjs';

/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {import('./draft.mjs').Draft} Draft */
/** @typedef {import('./draft.mjs').Answer} Answer */

/** Options that narrow what a token may be. @param {Random} random @param {Draft} draft */
export function narrow(random, { options, instance }) {
  if (random.chance(0.3)) options.authorizedParties = random.pick([[instance.site], ['https://evil.example'], [instance.site, 'https://x.example'], []]);
  if (random.chance(0.15)) options.audience = random.pick(['api', ['api', 'x'], [], ['web']]);
  if (random.chance(0.15)) options.issuer = random.pick([`https://${instance.api}`, [`https://${instance.api}`], 'https://x.example', ['https://clerk.other.example', 'y']]);
  if (random.chance(0.15)) options.clockSkewInMs = random.pick([0, 1, 1000, 5000, 60_000, 700_000]);
  if (random.chance(0.05)) options.headerType = random.pick(['JWT', ['JWT', 'jwt'], 'dpop+jwt']);
  if (random.chance(0.05)) options.skipJwksCache = true;
}

/** Answers to the key set's call, good and bad. @param {Random} random @returns {Answer} */
function keySet(random) {
  return random.pick([
    { json: { keys: [JWK] } },
    { json: { keys: [JWK] } },
    { json: { keys: [OTHER_JWK, JWK] } },
    { json: { keys: [OTHER_JWK] } },
    { json: { keys: [] } },
    { json: {} },
    { json: { keys: [JWK, { ...OTHER_JWK, kid: KID }] } },
    { status: 401, json: { errors: [{ code: 'clerk_key_invalid', message: 'no' }] } },
    { status: 404, json: { errors: [{ code: 'x' }] } },
    { status: 500, json: {} },
    { status: 500, text: '<html>' },
    { text: 'garbage' },
    { networkError: 'down' },
  ]);
}

/** @param {Random} random @param {Draft} draft */
export function withKeySet(random, { made }) {
  const { answer } = made;
  const keys = keySet(random);
  made.answer = (call) => (call.path.endsWith('/jwks') ? keys : answer(call));
}
