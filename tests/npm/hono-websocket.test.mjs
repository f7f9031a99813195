// WebSockets behind the gate in Hono, on the servers of Bun and Deno: they are opened with the very request that the server made.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { WebSocket } from 'ws';

import { findRuntime, missing } from '../../tools/runtimes.mjs';
import { PARTY, PUBLISHABLE_KEY, SECRET_KEY, startClerk } from '../support/clerk.mjs';
import { installPacked, startServer } from '../support/examples.mjs';

/** @type {Awaited<ReturnType<typeof startClerk>>} */
let clerk;
/** @type {ReturnType<typeof installPacked>} */
let packed;
before(async () => {
  clerk = await startClerk();
  packed = installPacked(['hono']);
});
after(async () => {
  packed.remove();
  await clerk.stop();
});

/** The server's own lines in each runtime. */
const SERVERS = {
  bun: "const { port } = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch, websocket: (await import('hono/bun')).websocket });\nconsole.log(`listening on ${port}`);",
  deno: "Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log(`listening on ${port}`) }, app.fetch);",
};

/** An app that says over a WebSocket what it was told of who asks. @param {'bun' | 'deno'} runtime */
const appFor = (runtime) => `
  import { Hono } from 'hono';
  import { upgradeWebSocket } from 'hono/${runtime}';
  import { gate } from 'portcullis/hono';
  const app = new Hono();
  app.use(gate(${JSON.stringify({ publishableKey: PUBLISHABLE_KEY, secretKey: SECRET_KEY, apiUrl: clerk.url, authorizedParties: [PARTY], csrf: false })}));
  app.get('/socket', upgradeWebSocket((c) => ({
    onMessage: (event, socket) => socket.send(JSON.stringify([event.data, c.get('auth').userId, c.req.header('x-portcullis-user-id'), c.req.header('x-portcullis-role')])),
  })));
  ${SERVERS[runtime]}
`;

for (const runtime of /** @type {const} */ (['bun', 'deno'])) {
  const program = await findRuntime(runtime);
  describe(runtime, { skip: missing(runtime, program) }, () => {
    /** @type {Awaited<ReturnType<typeof startServer>>} */
    let server;
    before(async () => {
      writeFileSync(join(packed.dir, `${runtime}.js`), appFor(runtime));
      const args = runtime === 'deno' ? ['run', '--quiet', '--node-modules-dir=manual', '--allow-net', '--allow-env', '--allow-read'] : [];
      server = await startServer(String(program), [...args, `${runtime}.js`], { cwd: packed.dir });
    });
    after(() => server?.stop());

    /** Says one thing and gives what comes back, or the status of a refusal. @param {Record<string, string>} headers @returns {Promise<any>} */
    const say = (headers) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket`, { headers, handshakeTimeout: 10_000 });
        socket.on('open', () => socket.send('hello'));
        socket.on('message', (data) => (socket.close(), resolve(JSON.parse(String(data)))));
        socket.on('unexpected-response', (_, response) => (socket.terminate(), resolve(response.statusCode)));
        socket.on('error', reject);
      });

    test('opens for who is signed in, and is told who that is', async () => {
      const headers = { authorization: `Bearer ${await clerk.token()}`, 'x-portcullis-user-id': 'user_evil', 'x-portcullis-role': 'admin' };
      assert.deepEqual(await say(headers), ['hello', 'user_1', 'user_1', null]);
    });

    test('stays shut for who is not', async () => {
      assert.equal(await say({}), 401);
    });
  });
}
