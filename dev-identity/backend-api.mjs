// Clerk's Backend API, as far as a gate uses it: key set, handshake payload, session refresh, users and sessions.
// Everything needs the instance's secret key.

import { sessionDirectives, sessionToken } from './cookies.mjs';
import { json, problem } from './reply.mjs';

/** @typedef {import('./server.mjs').Call} Call */

/** @type {Record<string, (call: Call) => import('./reply.mjs').Reply>} */
export const backendApi = {
  'GET /v1/jwks': authorized(({ instance }) => json(200, instance.keySet)),
  'GET /v1/clients/handshake_payload': authorized(handshakePayload),
  'POST /v1/sessions/:id/refresh': authorized(refresh),
  'GET /v1/sessions/:id': authorized(({ people, id }) => {
    const session = people.sessions.get(id);
    return session ? json(200, sessionResource(session)) : problem(404, 'resource_not_found', 'not found');
  }),
  'GET /v1/users/:id': authorized(({ people, id }) => {
    const user = Object.values(people.users).find((each) => each.id === id);
    return user ? json(200, userResource(user)) : problem(404, 'resource_not_found', 'not found');
  }),
};

/**
 * @param {(call: Call) => import('./reply.mjs').Reply} handler
 * @returns {(call: Call) => import('./reply.mjs').Reply}
 */
function authorized(handler) {
  return (call) => {
    if (call.request.headers.authorization === `Bearer ${call.instance.secretKey}`) return handler(call);
    return problem(401, 'clerk_key_invalid', 'The provided Clerk Secret Key is invalid.');
  };
}

/** @param {Call} call */
function handshakePayload({ instance, people, url }) {
  const nonce = url.searchParams.get('nonce');
  const directives = people.redeemNonce(nonce);
  if (!directives) return problem(404, 'resource_not_found', 'no handshake with this nonce, or it has expired');
  return json(200, { nonce, payload: instance.sign({ handshake: directives }), directives });
}

/**
 * A new session token for an expired one and its refresh token: as `Set-Cookie` directives, or with `format: 'token'` alone.
 *
 * @param {Call} call
 */
function refresh({ instance, people, body, id }) {
  const session = people.sessions.get(id);
  if (!session) return problem(404, 'resource_not_found', 'no such session');
  if (session.status !== 'active') return problem(401, 'session_not_active', 'the session has ended');
  const fields = JSON.parse(body || '{}');
  if (fields.refresh_token !== session.refreshToken) return problem(401, 'refresh_token_invalid', 'not the refresh token of this session');
  if (instance.readToken(fields.expired_token)?.sid !== id) return problem(401, 'expired_token_invalid', 'not a token of this session');
  if (fields.format === 'cookie') {
    return json(200, { object: 'cookies', cookies: sessionDirectives(instance, session, fields.request_origin) });
  }
  return json(200, { object: 'token', jwt: sessionToken(instance, session, fields.request_origin) });
}

/** @param {import('./people.mjs').Session} session */
function sessionResource({ id, user, status, createdAt }) {
  return { object: 'session', id, user_id: user.id, status, created_at: createdAt, last_active_at: createdAt };
}

/** @param {import('./people.mjs').User} user */
function userResource({ id, name, email, publicMetadata }) {
  const [firstName, lastName] = name.split(' ');
  return {
    object: 'user',
    id,
    first_name: firstName,
    last_name: lastName,
    email_addresses: [{ object: 'email_address', email_address: email }],
    public_metadata: publicMetadata,
    banned: false,
    locked: false,
  };
}
