// `gate.handle` in workerd, whose requests can be what no other platform lets them be: what its origin gets, byte for byte.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { build } from 'esbuild';

import { ROOT } from '../../tools/run.mjs';
import { INSTANCES, PEM, jws, times } from '../oracle/authenticate/instance.mjs';
import { raw } from '../support/gate.mjs';
import { listen } from '../support/listen.mjs';
import { startWorker } from '../support/workerd.mjs';

const { publishableKey, site, api } = INSTANCES.prod;
const bearer = `Authorization: Bearer ${jws({ iss: `https://${api}`, azp: site, sub: 'user_1', sid: 'sess_1', ...times(Date.now()).fresh })}`;

const WORKER = `
  import { createGate } from './npm/workerd.js';
  let gate;
  export default {
    async fetch(request, { PUBLISHABLE_KEY, PEM, SITE, ORIGIN }) {
      const rules = [{ match: '/inbox', methods: ['POST'], access: 'public' }];
      gate ??= createGate({ publishableKey: PUBLISHABLE_KEY, jwtKey: PEM, authorizedParties: [SITE], origin: ORIGIN, public: ['/open'], api: ['/:path*'], rules });
      return (await gate).handle(request, fetch);
    },
  };
`;

/** Requests as they came. @type {string[]} */
let came = [];
const origin = createServer((socket) => {
  const index = came.push('') - 1;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    came[index] += chunk.toString('latin1');
    const [head, body] = came[index].split('\r\n\r\n');
    if ((body?.length ?? 0) >= Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
  });
});
/** @type {string} */
let dir;
/** @type {Awaited<ReturnType<typeof startWorker>>} */
let worker;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'portcullis-handle-'));
  await build({
    stdin: { contents: WORKER, resolveDir: ROOT }, outfile: join(dir, 'index.js'), bundle: true, format: 'esm', conditions: ['workerd'],
    loader: { '.wasm': 'copy' }, assetNames: '[name]', external: ['node:*'], logLevel: 'error',
  });
  const port = await listen(/** @type {any} */ (origin));
  worker = await startWorker({ env: { PUBLISHABLE_KEY: publishableKey, PEM, SITE: site, ORIGIN: `http://127.0.0.1:${port}` }, dir });
});
after(async () => {
  await worker.stop();
  origin.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  came = [];
});

/** @param {string} line @param {string[]} fields @param {string} [body] */
const send = (line, fields, body = '') => raw(worker.port, [`${line} HTTP/1.1`, 'Host: gate.localhost', ...fields, `Content-Length: ${body.length}`, 'Connection: close', '', body].join('\r\n'));

test('who asks for a WebSocket by another method than GET arrives by the method that was judged', async () => {
  const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
  assert.equal((await send('POST /inbox', upgrade)).status, 200);
  assert.match(came[0], /^POST \/inbox /);
  assert.doesNotMatch(came[0], /^upgrade:/im);
  assert.equal((await send('GET /inbox', upgrade)).status, 401);
  assert.equal(came.length, 1);
});

test('a GET with a body arrives with it', async () => {
  for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
    came = [];
    assert.equal((await send(`${method} /open`, [], 'abc')).status, 200, method);
    assert.match(came[0], new RegExp(`^${method} /open .*\r\n\r\nabc$`, 's'));
  }
});

test('headers with names that are none do not arrive, and all others do', async () => {
  const { status } = await send('GET /private', ['X-Portcullis\xadRole: evil', 'X_Portcullis_Role: evil', 'A\xa0: 1', 'X-Own: kept', bearer]);
  assert.equal(status, 200);
  assert.doesNotMatch(came[0], /evil|[\x80-\xff]/);
  assert.match(came[0], /^x-own: kept$/im);
  assert.match(came[0], /^x-portcullis-user-id: user_1$/im);
});
