// Clerk's Frontend API, as far as a gate uses it: the handshake and the public key set.

import { clientDirectives } from './cookies.mjs';
import { parseLoopbackUrl } from './loopback.mjs';
import { json, problem, redirect } from './reply.mjs';

/** @typedef {import('./server.mjs').Call} Call */

/** @type {Record<string, (call: Call) => import('./reply.mjs').Reply>} */
export const frontendApi = {
  'GET /v1/client/handshake': handshake,
  'GET /.well-known/jwks.json': ({ instance }) => json(200, instance.keySet),
};

/**
 * Sends the browser back to the app with what its cookies must become: a signed token in the URL, or with `format=nonce` a
 * nonce, for which the Backend API then hands them out. In development both travel in the URL, as the app is on another site.
 *
 * @param {Call} call
 */
function handshake({ instance, people, url }) {
  const back = parseLoopbackUrl(url.searchParams.get('redirect_url'));
  if (!back) return problem(400, 'invalid_redirect_url', 'redirect_url must be an absolute URL on this machine');
  const client = people.client(url.searchParams.get('__clerk_db_jwt'));
  const directives = clientDirectives(instance, client, back.origin);
  if (url.searchParams.get('format') === 'nonce') {
    back.searchParams.set('__clerk_handshake_nonce', people.keepForNonce(directives));
  } else {
    back.searchParams.set('__clerk_handshake', instance.sign({ handshake: directives }));
  }
  return redirect(307, back.href);
}
