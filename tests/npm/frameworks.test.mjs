// The example apps, each with its real framework: Express and Hono with the packed package as a user installs it, on Node, Bun and Deno; the
// servers of Bun and Deno themselves; a Worker bundled by wrangler in workerd; and Next.js in its production build, with the gate in a
// proxy (Node) and in a middleware (edge).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, renameSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { ROOT } from '../../tools/run.mjs';
import { findRuntime, missing } from '../../tools/runtimes.mjs';
import { PARTY, PUBLISHABLE_KEY, SECRET_KEY, startClerk } from '../support/clerk.mjs';
import { environment } from '../support/environment.mjs';
import { installPacked, startServer } from '../support/examples.mjs';
import { SIGNED_OUT_COOKIES, raw, sessionCookies } from '../support/gate.mjs';
import { buildNext, startNext } from '../support/next.mjs';
import { startWorker } from '../support/workerd.mjs';

/** @type {Awaited<ReturnType<typeof startClerk>>} */
let clerk;
/** @type {ReturnType<typeof installPacked>} */
let packed;
/** @type {Record<string, string>} */
let env;
before(async () => {
  clerk = await startClerk();
  packed = installPacked(['express', 'hono', '@hono/node-server']);
  env = {
    CLERK_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
    NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
    CLERK_SECRET_KEY: SECRET_KEY,
    CLERK_API_URL: clerk.url,
    AUTHORIZED_PARTIES: PARTY,
    PORT: '0',
  };
});
after(async () => {
  packed.remove();
  await clerk.stop();
});

/** @typedef {{ url: string, port: number, stop: () => Promise<void>, log: () => string }} Server */

const document = { accept: 'text/html', 'sec-fetch-dest': 'document' };
const bearer = async (claims = {}) => ({ authorization: `Bearer ${await clerk.token(claims)}` });
/** What a client may try to say about itself. */
const CLAIMED = { 'x-portcullis-user-id': 'user_evil', x_portcullis_role: 'admin', 'x-original-url': '/', 'x-middleware-subrequest': 'middleware:middleware' };

const [bun, deno] = [await findRuntime('bun'), await findRuntime('deno')];
/** The command line of a server in each runtime. */
const RUN = {
  node: [process.execPath, 'server.js'],
  bun: [String(bun), 'server.js'],
  deno: [String(deno), 'run', '--quiet', '--node-modules-dir=manual', '--allow-net', '--allow-env', '--allow-read', 'server.js'],
};
/** @param {string} example @param {keyof typeof RUN} runtime */
const startOn = (example, runtime) => {
  const [command, ...args] = RUN[runtime];
  return startServer(command, args, { cwd: packed.example(example), env });
};

/** @type {Record<string, { start: () => Promise<Server>, isNext?: boolean, skip?: false | string }>} */
const APPS = {
  'Express, packed': { start: () => startOn('express', 'node') },
  'Hono on Node, packed': { start: () => startOn('hono', 'node') },
  "Bun's server, packed": { start: () => startOn('bun', 'bun'), skip: missing('bun', bun) },
  'Express on Bun, packed': { start: () => startOn('express', 'bun'), skip: missing('bun', bun) },
  'Hono on Bun, packed': { start: () => startOn('hono', 'bun'), skip: missing('bun', bun) },
  "Deno's server, packed": { start: () => startOn('deno', 'deno'), skip: missing('deno', deno) },
  'Express on Deno, packed': { start: () => startOn('express', 'deno'), skip: missing('deno', deno) },
  'Hono on Deno, packed': { start: () => startOn('hono', 'deno'), skip: missing('deno', deno) },
  'a Worker of wrangler in workerd': {
    start: async () => {
      const dir = join(packed.dir, 'bundled');
      const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js');
      execFileSync(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', dir], { cwd: join(ROOT, 'examples/workerd'), stdio: 'pipe', env: environment() });
      renameSync(join(dir, 'worker.js'), join(dir, 'index.js'));
      return startWorker({ env, dir });
    },
  },
  'Next.js with a proxy': { start: () => startExample('proxy.js'), isNext: true },
  'Next.js with a middleware on the edge runtime': { start: () => startExample('middleware.js'), isNext: true },
};

/** Builds the example for production and starts it. @param {'proxy.js' | 'middleware.js'} file */
async function startExample(file) {
  const cwd = join(ROOT, 'examples', `.next-${file.split('.')[0]}`);
  rmSync(cwd, { recursive: true, force: true });
  cpSync(join(ROOT, 'examples/next'), cwd, { recursive: true, filter: (path) => !path.includes('.next/') });
  if (file === 'middleware.js') {
    const proxy = readFileSync(join(cwd, 'proxy.js'), 'utf8');
    rmSync(join(cwd, 'proxy.js'));
    writeFileSync(join(cwd, file), proxy.replace('export const proxy', 'export const middleware'));
  }
  buildNext({ cwd, env });
  const server = await startNext({ cwd, env });
  return { ...server, stop: () => server.stop().then(() => rmSync(cwd, { recursive: true, force: true })) };
}

for (const [name, app] of Object.entries(APPS)) {
  describe(name, { skip: app.skip ?? false }, () => {
    /** @type {Server} */
    let server;
    before(async () => {
      server = await app.start();
    });
    after(() => server?.stop());
    const isNext = app.isNext ?? false;
    /** @param {string} path @param {any} [init] */
    const get = (path, { headers = {}, ...init } = {}) => fetch(server.url + path, { redirect: 'manual', ...init, headers: { accept: '*/*', ...headers } });

    test('public pages are open', async () => {
      const response = await get('/');
      assert.equal(response.status, 200);
      assert.match(await response.text(), /Welcome/);
    });

    test('signed out gets 401 from the API, and no app', async () => {
      const response = await get('/api/me');
      assert.equal(response.status, 401);
      assert.equal((await response.json()).reason, 'dev-browser-missing');
      assert.deepEqual(['cache-control', 'www-authenticate'].map((header) => response.headers.get(header)), ['no-store', 'Bearer']);
    });

    test('signed out is sent to the sign-in page, and back', async () => {
      const response = await get('/admin?x=1', { headers: { ...document, cookie: SIGNED_OUT_COOKIES } });
      assert.equal(response.status, 307);
      const location = new URL(response.headers.get('location') ?? '', server.url);
      assert.equal(location.origin + location.pathname, `${server.url}/sign-in`);
      assert.equal(location.searchParams.get('redirect_url'), `${server.url}/admin?x=1`);
    });

    test('a browser that is not known goes to a handshake', async () => {
      const response = await get('/dashboard', { headers: document });
      assert.equal(response.status, 307);
      assert.match(response.headers.get('location') ?? '', /^https:\/\/gate-test-7\.clerk\.accounts\.dev\/v1\/client\/handshake\?/);
    });

    test('signed in reaches the app, which is told who it is and nothing that the client said', async () => {
      const response = await get('/api/me', { headers: { ...CLAIMED, ...(await bearer()) } });
      assert.equal(response.status, 200);
      const { userId, told } = await response.json();
      assert.equal(userId, 'user_1');
      assert.equal(told['x-portcullis-user-id'], 'user_1');
      assert.equal(told['x-portcullis-auth-status'], 'signed-in');
      assert.match(told['x-portcullis-request-id'], /^[0-9a-f]{32}$/);
      for (const name of ['x_portcullis_role', 'x-original-url', 'x-middleware-subrequest']) assert.equal(told[name], undefined, name);
    });

    test('cookies sign in too', async () => {
      const response = await get('/api/me', { headers: { cookie: sessionCookies(await clerk.token()) } });
      assert.equal((await response.json()).userId, 'user_1');
    });

    test('an admin page is for admins, under every spelling', async () => {
      for (const path of ['/admin', '/%61dmin', '/admin/', '/ADMIN', '//admin', '/admin%2f', '/x/..%2fadmin']) {
        const response = await get(path, { headers: await bearer() });
        assert.ok([403, 308, 400].includes(response.status), `${path}: ${response.status}`);
        assert.doesNotMatch(await response.text(), /For admins/);
      }
      const response = await get('/admin', { headers: await bearer({ metadata: { role: 'admin' } }) });
      assert.equal(response.status, 200);
      assert.match(await response.text(), /For admins/);
    });

    test('raw targets are judged as they came', async () => {
      for (const target of ['/./admin', '/x/../admin', '/x\\..\\admin', '//admin', '/admin;x', '/admin?', '/admin#x', 'http://127.0.0.1/admin']) {
        const { status, text } = await raw(server.port, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nAccept: */*\r\nConnection: close\r\n\r\n`);
        assert.ok(status >= 300, `${target}: ${text.slice(0, 200)}`);
        assert.doesNotMatch(text, /For admins/);
      }
    });

    test('what a client says of its host moves no path', async () => {
      for (const host of ['localhost/sign-in?', 'localhost/sign-in#', 'localhost\\sign-in?', 'localhost/api/public/?', 'localhost/?']) {
        const { text } = await raw(server.port, `GET /admin HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nConnection: close\r\n\r\n`);
        // Some servers make another URL of it, which is then judged and routed alike.
        assert.doesNotMatch(text, /For admins/, host);
      }
    });

    test('answers to one user are not for shared caches', async () => {
      const response = await get(isNext ? '/admin' : '/api/cached', { headers: await bearer({ metadata: { role: 'admin' } }) });
      assert.equal(response.status, 200);
      assert.match(response.headers.get('cache-control') ?? '', /^private/);
      assert.doesNotMatch(response.headers.get('cache-control') ?? '', /s-maxage|public/);
      // Next writes a Vary of its own over it; what is private is not shared.
      if (isNext) return;
      assert.equal(response.headers.get('vary'), 'Accept, Cookie, Authorization');
    });

    test('a body streams through', async () => {
      const [first, second] = ['a'.repeat(70_000), 'b'.repeat(70_000)];
      // Next gives a body to the app when it has all of it.
      const isWhole = isNext;
      assert.equal(await echo(server.port, isWhole ? first + second : first, isWhole ? '' : second), first + second);
    });
  });
}

/**
 * Sends the second half, where there is one, only when something of the first has come back.
 *
 * @param {number} port
 * @param {string} first
 * @param {string} second
 */
function echo(port, first, second) {
  const path = '/api/public/echo';
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ port, host: '127.0.0.1', path, method: 'POST', headers: { 'content-type': 'text/plain' } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        if (text === '' && second) outgoing.end(second);
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    outgoing.setTimeout(20_000, () => outgoing.destroy(new Error('nothing came back before the request had ended')));
    outgoing.on('error', reject);
    outgoing.write(first);
    if (!second) outgoing.end();
  });
}

test('the tarball holds what is needed and nothing else', () => {
  const names = packed.files.filter((file) => !/^(LICENSE-(MIT|APACHE)|README\.md|package\.json)$/.test(file));
  const sources = readdirSync(join(ROOT, 'npm')).filter((file) => /\.(js|d\.ts)$/.test(file));
  const folders = ['dist', 'types'].flatMap((folder) => readdirSync(join(ROOT, 'npm', folder)).map((file) => `${folder}/${file}`));
  assert.deepEqual(names.sort(), [...sources, ...folders].sort());
});
