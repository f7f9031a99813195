// A D1 database for tests: the one that `wrangler dev` has, and before it a door that can be told to fail.

import { createServer } from 'node:http';

import { Miniflare } from 'miniflare';

import { listen } from './listen.mjs';

/** Hands the protocol of a D1 binding on to the database behind it. */
const DOOR = `export default { fetch: (request, env) => env.DB.fetcher.fetch(new Request(request.url.replace(/^http:..[^/]*/, 'http://d1'), request)) };`;

/**
 * @typedef {'works' | 'fails' | 'is silent' | 'forgets to answer'} Mood 'forgets to answer': runs the statements and then hangs up
 */

/** Starts a database and its door. */
export async function startDatabase() {
  const miniflare = new Miniflare({ modules: true, script: DOOR, compatibilityDate: '2026-04-01', d1Databases: { DB: 'portcullis' } });
  const behind = await miniflare.ready;
  const database = await miniflare.getD1Database('DB');
  /** @type {{ mood: Mood | ((sql: string) => Mood), batches: string[] }} */
  const state = { mood: 'works', batches: [] };
  const door = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    state.batches.push(body.toString());
    const mood = typeof state.mood === 'function' ? state.mood(body.toString()) : state.mood;
    if (mood === 'is silent') return;
    if (mood === 'fails') return response.writeHead(500).end('{"success":false,"error":"D1_ERROR: the network is down"}');
    const { host, 'transfer-encoding': _, connection, ...headers } = request.headers;
    const answer = await fetch(new URL(request.url ?? '', behind), { method: request.method, headers: /** @type {any} */ (headers), body });
    const text = await answer.text();
    if (mood === 'forgets to answer') return response.destroy();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' }).end(text);
  });
  const port = await listen(door);
  return {
    /** What a Worker's binding is told. */
    address: `127.0.0.1:${port}`,
    /** Every batch so far, as it came. */
    batches: state.batches,
    /** How the door behaves from now on; a function is asked for each batch. @param {typeof state.mood} mood */
    be: (mood) => (state.mood = mood),
    /** Runs a statement past the door; its rows. @param {string} sql @param {...any} values */
    query: async (sql, ...values) => (await database.prepare(sql).bind(...values).all()).results,
    /** Takes all tables away. */
    clear: async () => {
      state.mood = 'works';
      state.batches.splice(0);
      const tables = await database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'portcullis_%'").all();
      for (const { name } of tables.results) await database.prepare(`DROP TABLE ${name}`).run();
    },
    stop: async () => {
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
      await miniflare.dispose();
    },
  };
}
