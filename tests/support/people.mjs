// Who there is at Clerk: sessions, users and memberships, as the Backend API tells of them. Tests change them while a gate runs.

import { json } from './clerk.mjs';

const ID = /^\/v1\/(sessions|users)\/([\w-]+)$/;
const MEMBERSHIPS = /^\/v1\/organizations\/([\w-]+)\/memberships$/;

/**
 * Has the Backend API of a gate tell of these people.
 *
 * @param {Awaited<ReturnType<typeof import('./clerk.mjs').startClerk>>} clerk
 */
export function tellOfPeople(clerk) {
  const people = {
    /** @type {Record<string, any>} */
    sessions: { sess_1: { id: 'sess_1', object: 'session', user_id: 'user_1', status: 'active', updated_at: Date.now() } },
    /** @type {Record<string, any>} */
    users: { user_1: { id: 'user_1', object: 'user', banned: false, locked: false, public_metadata: { role: 'admin' }, updated_at: Date.now() } },
    /** By organization. @type {Record<string, any[]>} */
    members: {
      org_1: [{ role: 'org:admin', organization: { id: 'org_1' }, public_user_data: { user_id: 'user_1' }, updated_at: Date.now() }],
    },
    /** Answers instead, by the beginning of a path. @type {Record<string, (response: import('node:http').ServerResponse) => unknown>} */
    instead: {},
  };
  clerk.respondWith((request, response) => {
    const url = new URL(request.url ?? '', 'http://clerk');
    const missing = () => json(response, 404, { errors: [{ code: 'resource_not_found', message: 'not found' }] });
    const instead = Object.entries(people.instead).find(([path]) => url.pathname.startsWith(path));
    if (instead) return instead[1](response);
    if (url.pathname === '/v1/jwks') return json(response, 200, { keys: [clerk.jwk] });
    const [, kind, id] = ID.exec(url.pathname) ?? [];
    if (kind) {
      const found = people[/** @type {'sessions' | 'users'} */ (kind)][id];
      return found ? json(response, 200, found) : missing();
    }
    const [, org] = MEMBERSHIPS.exec(url.pathname) ?? [];
    if (!org || !people.members[org]) return missing();
    const data = people.members[org].filter((member) => member.public_user_data.user_id === url.searchParams.get('user_id'));
    return json(response, 200, { data, total_count: data.length });
  });
  return people;
}
