// Who can sign in, and what the instance remembers of them: clients (one for each dev browser), sessions, handshake nonces.

import { randomBytes } from 'node:crypto';

import { makeId } from './instance.mjs';

/** How long a handshake nonce can be redeemed, in milliseconds. */
const NONCE_MILLIS = 60_000;

/** How many clients and nonces are kept, so that a long run stays small. */
const CAPACITY = 1000;

/**
 * @typedef {{ id: string, persona: string, name: string, email: string, publicMetadata: Record<string, unknown> }} User
 * @typedef {{ id: string, user: User, status: 'active' | 'ended', refreshToken: string, createdAt: number }} Session
 * @typedef {{ devBrowser: string, session: Session | undefined, updatedAt: number }} Client `updatedAt` in seconds
 * @typedef {ReturnType<typeof createPeople>} People
 */

/** Makes the two users, and nobody signed in. */
export function createPeople() {
  /** @type {Record<string, User>} */
  const users = {
    user: { id: makeId('user'), persona: 'user', name: 'Uma User', email: 'uma@example.com', publicMetadata: {} },
    admin: { id: makeId('user'), persona: 'admin', name: 'Ada Admin', email: 'ada@example.com', publicMetadata: { role: 'admin' } },
  };
  /** @type {Map<string, Client>} */
  const clients = new Map();
  /** @type {Map<string, Session>} */
  const sessions = new Map();
  /** @type {Map<string, { directives: string[], expires: number }>} */
  const nonces = new Map();

  return {
    users,
    sessions,

    /**
     * Returns the client of a dev browser, a new one when there is none by this name.
     *
     * @param {string | null | undefined} devBrowser
     */
    client(devBrowser) {
      const known = devBrowser ? clients.get(devBrowser) : undefined;
      if (known) return known;
      /** @type {Client} */
      const made = { devBrowser: makeId('dvb'), session: undefined, updatedAt: 0 };
      remember(clients, made.devBrowser, made);
      return made;
    },

    /**
     * @param {Client} client
     * @param {User} user
     */
    signIn(client, user) {
      if (client.session) client.session.status = 'ended';
      const refreshToken = randomBytes(24).toString('base64url');
      const createdAt = Date.now();
      client.session = { id: makeId('sess'), user, status: 'active', refreshToken, createdAt };
      client.updatedAt = Math.floor(createdAt / 1000);
      remember(sessions, client.session.id, client.session);
      return client.session;
    },

    /** @param {Client} client */
    signOut(client) {
      if (client.session) client.session.status = 'ended';
      client.session = undefined;
      client.updatedAt = 0;
    },

    /** @param {string[]} directives */
    keepForNonce(directives) {
      const nonce = randomBytes(16).toString('base64url');
      remember(nonces, nonce, { directives, expires: Date.now() + NONCE_MILLIS });
      return nonce;
    },

    /** @param {string | null} nonce */
    redeemNonce(nonce) {
      const kept = nonce ? nonces.get(nonce) : undefined;
      return kept && kept.expires > Date.now() ? kept.directives : undefined;
    },
  };
}

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T} value
 */
function remember(map, key, value) {
  if (map.size >= CAPACITY) map.delete(/** @type {string} */ (map.keys().next().value));
  map.set(key, value);
}
