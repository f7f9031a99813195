// An origin that takes in webhooks, and that can be told to fail; and deliveries as their senders sign them.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

import { listen } from './listen.mjs';

export const WEBHOOK_PATH = '/api/webhooks/clerk';
/** Made for the tests: 24 bytes, as the senders have them. */
export const SIGNING_SECRET = secretOf('the key of the tests, 24');

/** @param {string} key */
export function secretOf(key) {
  return `whsec_${Buffer.from(key).toString('base64')}`;
}

/**
 * @typedef {object} Received
 * @property {string} method
 * @property {string} url
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {Buffer} body
 */

/** Starts an origin on a free port. `received` holds every request that reached it, body and all. */
export async function startReceiver() {
  /** @type {Received[]} */
  const received = [];
  /** @type {{ respond: undefined | ((response: import('node:http').ServerResponse, received: Received) => unknown) }} */
  const state = { respond: undefined };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks) };
    received.push(one);
    if (state.respond) return state.respond(response, one);
    response.writeHead(200, { 'content-type': 'text/plain' }).end('taken');
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    /** Replaces the answer to everything; `undefined` brings the ordinary one back. @param {typeof state.respond} respond */
    respondWith: (respond) => (state.respond = respond),
    clear: () => void received.splice(0),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * A delivery by the sender's own library.
 *
 * @param {unknown} event an object, or the text of the body
 * @param {{ id?: string, at?: Date, secret?: string, family?: 'svix' | 'webhook' }} [options]
 */
export function delivery(event, { id = `msg_${randomUUID()}`, at = new Date(), secret = SIGNING_SECRET, family = 'svix' } = {}) {
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  const sender = family === 'svix' ? new Svix(secret) : new Standard(secret);
  return {
    id,
    body,
    headers: {
      'content-type': 'application/json',
      [`${family}-id`]: id,
      [`${family}-timestamp`]: String(Math.floor(at.getTime() / 1000)),
      [`${family}-signature`]: sender.sign(id, at, body),
    },
  };
}

/** @param {string} [user] */
export const userCreated = (user = 'user_1') => ({
  type: 'user.created',
  object: 'event',
  timestamp: Date.now(),
  instance_id: 'ins_1',
  data: { id: user, object: 'user', banned: false, updated_at: Date.now(), public_metadata: {} },
});
