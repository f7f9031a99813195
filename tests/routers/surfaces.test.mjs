// What besides the path decides which handler runs: headers, framework requests, methods. Real requests through the Worker to routers
// that believe everything they are told.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import express from 'express';
import methodOverride from 'method-override';

import { startGate } from '../support/gate.mjs';
import { head, sendAll } from '../support/raw.mjs';
import { LISTS } from './corpus.mjs';
import { METHOD_HEADERS, PATH_HEADERS, PREFIX_HEADERS, ROUTERS, serve } from './routers.mjs';

/** What frameworks tell themselves between their parts, and a client must not tell them. */
const FRAMEWORK_HEADERS = [
  'x-middleware-subrequest', 'x-middleware-rewrite', 'x-middleware-prefetch', 'x-middleware-next', 'x-middleware-set-cookie',
  'x-middleware-override-headers', 'x-middleware-request-x-role', 'x-invoke-query', 'x-invoke-output', 'x-now-route-matches', 'next-resume',
];
const RESERVED = [...PATH_HEADERS, ...PREFIX_HEADERS, ...METHOD_HEADERS, ...FRAMEWORK_HEADERS];

/** Every spelling that some origin could fold together. @type {((name: string) => string)[]} */
const SPELLINGS = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.replaceAll('-', '_'),
  (name) => name.replaceAll('-', '_').toUpperCase(),
  (name) => name.replace('-', '_'),
  (name) => name.replaceAll('-', '.'),
  (name) => name.replace(/[a-z]/g, (letter, at) => (at % 2 ? letter.toUpperCase() : letter)),
];

const fold = (/** @type {string} */ name) => name.toLowerCase().replace(/[^a-z0-9]/g, '-');

describe('headers that name another request', () => {
  for (const name of ['express that believes headers and tidies paths', 'fastify, lenient', 'node:http that decodes, then looks']) {
    test(`do not reach ${name}, in any spelling`, async (t) => {
      const router = await serve(await ROUTERS[name]());
      const gate = await startGate({ policy: { ...LISTS, default: 'public', origin: router.url } });
      try {
        const requests = [];
        for (const reserved of RESERVED) {
          for (const spell of SPELLINGS) {
            for (const value of METHOD_HEADERS.includes(reserved) ? ['GET', 'DELETE'] : ['/admin', '/dashboard', 'src/middleware:src/middleware']) {
              for (const target of ['/', '/about', '/users/7', '/nope']) requests.push({ method: 'GET', target, header: [spell(reserved), value] });
            }
          }
        }
        const heads = requests.map(({ method, target, header }, index) => head(method, target, [['x-case', `${index}`], /** @type {[string, string]} */ (header)]));
        const answers = await sendAll(gate.worker.port, heads);
        assert.ok(answers.every(({ status }) => [200, 404].includes(status)), 'each was answered by the origin');
        assert.equal(router.hits.length, requests.length);
        for (const { id, rawHeaders, name: handler } of router.hits) {
          const { target, header } = requests[Number(id)];
          const arrived = rawHeaders.filter((_, index) => index % 2 === 0).map(fold);
          assert.ok(!arrived.includes(fold(header[0])), `${header[0]} arrived`);
          assert.equal(handler, ['/', '/about'].includes(target) ? 'PUBLIC' : undefined, `${target} ${header}`);
        }

        // Straight to the router the same requests do run the admin handler: there is something to keep out.
        router.hits.splice(0);
        await sendAll(router.port, heads);
        const straight = router.hits.filter(({ name: handler }) => handler === 'ADMIN').length;
        t.diagnostic(`${requests.length} requests; without the gate ${straight} of them run the admin handler`);
        assert.ok(straight > 50);
      } finally {
        await Promise.all([gate.stop(), router.stop()]);
      }
    });
  }
});

describe('a Next.js app behind the gate', () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let origin;
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  before(async () => {
    origin = await serve((_, response) => response.end('page'));
    gate = await startGate({ policy: { ...LISTS, default: 'public', origin: origin.url } });
  });
  after(() => Promise.all([gate.stop(), origin.stop()]));

  /** @type {[string, string][]} */
  const CLIENT = [
    ['RSC', '1'], ['Next-Router-State-Tree', '%5B%22%22%2C%7B%7D%5D'], ['Next-Router-Prefetch', '1'], ['Next-Router-Segment-Prefetch', '/_tree'],
    ['Next-Url', '/about'], ['Next-Action', '7f3a'], ['x-nextjs-data', '1'], ['Accept', 'text/x-component'],
  ];

  test('gets what its own client sends', async () => {
    origin.hits.splice(0);
    await sendAll(gate.worker.port, [head('GET', '/about?_rsc=1k3f9', CLIENT), head('POST', '/about', [...CLIENT, ['Content-Length', '0']])]);
    assert.deepEqual(origin.hits.map(({ method, url }) => `${method} ${url}`).sort(), ['GET /about?_rsc=1k3f9', 'POST /about']);
    for (const { rawHeaders } of origin.hits) {
      const arrived = new Map(rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]]] : [])));
      for (const [name, value] of CLIENT) assert.equal(arrived.get(name.toLowerCase()), value, name);
    }
  });

  // Next.js renders `app/admin/@modal/(..)about` within the layout of `/admin` where `Next-Url` is `/admin` or anything below it.
  test('is not told that a visitor comes from a page that is not theirs', async () => {
    const user = await gate.clerk.token();
    const own = '/about';
    /** @type {[string, string | undefined, string][]} */
    const cases = [
      ['/', undefined, '/'], ['/blog/a', undefined, '/blog/a'], ['/nope', undefined, '/nope'], ['/dashboard', user, '/dashboard'], ['/admin', user, own],
      ...['/admin', '/admin/', '/ADMIN/x', '/dashboard', '/dashboard/..', '/admin/../about', '/%61dmin', '/admin?x', '/admin.json', 'admin', '/%00', '/about/..%2fadmin',
        `/admin${'/x'.repeat(20)}`].map((/** @type {string} */ from) => /** @type {[string, undefined, string]} */ ([from, undefined, own])),
    ];
    origin.hits.splice(0);
    const headers = (/** @type {[string, string | undefined, string]} */ [from, token]) => [['Next-Url', from], ...(token ? [['Authorization', `Bearer ${token}`]] : [])];
    await sendAll(gate.worker.port, cases.map((one, index) => head('GET', own, [['x-case', `${index}`], .../** @type {[string, string][]} */ (headers(one))])));
    const arrived = origin.hits.map(({ id, rawHeaders }) => [cases[Number(id)][0], rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'next-url')]);
    assert.deepEqual(arrived.sort(), cases.map(([from, , expected]) => [from, [expected]]).sort());
  });

  test('is told so of no document, which browsers open without that header', async () => {
    const user = await gate.clerk.token();
    origin.hits.splice(0);
    const [token, cookie] = [['Authorization', `Bearer ${user}`], ['Cookie', 'theme=dark']];
    const [page, data] = ['document', 'empty'].map((destination) => ['Sec-Fetch-Dest', destination]);
    // Without a cookie the gate does not look what the answer is for.
    const cases = [[token], [token, page], [token, cookie, page], [token, data], [token, cookie, data], [token, cookie]];
    await sendAll(gate.worker.port, cases.map((headers, index) => head('GET', '/about', [['x-case', `${index}`], ['Next-Url', '/blog/a'], .../** @type {[string, string][]} */ (headers)])));
    const arrived = origin.hits.map(({ id, rawHeaders }) => [Number(id), rawHeaders.filter((_, at) => rawHeaders[at - 1]?.toLowerCase() === 'next-url')]);
    assert.deepEqual(arrived.sort(), cases.map((headers, index) => [index, headers.includes(page) ? [] : ['/blog/a']]));
  });

  test('is asked about the page below its base path, and about the pages that a page is below', async () => {
    const policy = { ...LISTS, default: 'public', origin: origin.url, protected: ['/docs/admin', '/settings'], admin: [], admin_requires: undefined };
    const docs = await startGate({ policy });
    try {
      origin.hits.splice(0);
      const cases = [['/docs', '/admin'], ['/docs/photo/7', '/admin'], ['/docs/photo/7', '/admin/zzz'], ['/photo/7', '/settings/zzz'], ['/photo/7', '/docs'], ['/docs/photo/7', '/feed'],
        // In which there is no other fault than that it can be read in many ways.
        ['/photo/7', `/feed/${'%2e%5c;'.repeat(8)}x`]];
      await sendAll(docs.worker.port, cases.map(([path, from], index) => head('GET', path, [['x-case', `${index}`], ['Next-Url', from]])));
      const arrived = origin.hits.sort((a, b) => Number(a.id) - Number(b.id)).map(({ rawHeaders }) => rawHeaders[rawHeaders.findIndex((name) => name.toLowerCase() === 'next-url') + 1]);
      assert.deepEqual(arrived, ['/docs', '/docs/photo/7', '/docs/photo/7', '/photo/7', '/docs', '/feed', '/photo/7']);
    } finally {
      await docs.stop();
    }
  });

  test('gives no data of a page that is not public', async () => {
    const pages = ['/admin', '/admin/users', '/dashboard', '/dashboard/billing'];
    const forms = [
      (/** @type {string} */ page) => page, (page) => `${page}.rsc`, (page) => `${page}.txt`, (page) => `${page}.prefetch.rsc`, (page) => `${page}?_rsc=1k3f9`,
      (page) => `${page}.segments/_tree.segment.rsc`, (page) => `${page}.segments/!KG0p/page.segment.rsc`, (page) => `/_next/data/build-1${page}.json`,
      (page) => `/_next/data/build-1${page}.json?x=1`, (page) => `/_next%2fdata/build-1${page}.json`, (page) => `/_next/data/build-1/about/..%2f..${page}.json`,
      (page) => `${page}/index.rsc`, (page) => `${page}/__next._tree.txt`,
    ];
    origin.hits.splice(0);
    const heads = pages.flatMap((page) => forms.flatMap((form) => [head('GET', form(page), []), head('GET', form(page), CLIENT), head('POST', form(page), [...CLIENT, ['Content-Length', '0']])]));
    const answers = await sendAll(gate.worker.port, heads);
    assert.deepEqual(origin.hits.map(({ method, url }) => `${method} ${url}`), []);
    assert.ok(answers.every(({ status }) => status === 401), JSON.stringify(answers.find(({ status }) => status !== 401)));
  });

  test('gives the data of public pages', async () => {
    origin.hits.splice(0);
    const targets = ['/about.rsc', '/_next/data/build-1/about.json', '/blog/hello.segments/_tree.segment.rsc', '/_next/static/chunks/main.js', '/_next/image?url=%2Fhero.png&w=640&q=75'];
    await sendAll(gate.worker.port, targets.map((target) => head('GET', target, [])));
    assert.deepEqual(origin.hits.map(({ url }) => url).sort(), targets.sort());
  });
});

describe('an origin that overrides methods', () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let origin;
  /** @type {string[]} */
  const ran = [];
  before(async () => {
    const app = express();
    app.use(express.urlencoded({ extended: false }));
    for (const name of METHOD_HEADERS) app.use(methodOverride(name));
    app.use(methodOverride('_method'));
    app.use(methodOverride((request) => request.body?._method));
    for (const path of ['/items/:id', '/notes/:id']) {
      app.post(path, (_, response) => void (ran.push('POST'), response.end()));
      app.delete(path, (_, response) => void (ran.push('DELETE'), response.end()));
    }
    origin = await serve(app);
  });
  after(() => origin.stop());

  const byMethod = { public: ['/items/:id'], protected: [], admin: [], admin_requires: undefined, rules: [{ match: '/items/:id', methods: ['DELETE', 'PUT', 'PATCH'] }] };
  const withPost = { ...byMethod, rules: [{ match: '/items/:id', methods: ['POST', 'DELETE', 'PUT', 'PATCH'] }] };
  const byPath = { ...byMethod, rules: [{ match: '/items/:id' }] };

  /** @param {Record<string, unknown>} policy @param {[string, RequestInit][]} requests */
  async function methodsRun(policy, requests) {
    const gate = await startGate({ policy: { ...LISTS, ...policy, origin: origin.url } });
    try {
      return await Promise.all(requests.map(async ([path, init]) => {
        const { status } = await gate.request(path, init);
        return status;
      })).then((statuses) => ({ statuses, ran: ran.splice(0) }));
    } finally {
      await gate.stop();
    }
  }

  const form = { 'content-type': 'application/x-www-form-urlencoded' };

  test('is not told of another method by a header', async () => {
    const requests = METHOD_HEADERS.flatMap((name) => SPELLINGS.map((spell) => /** @type {[string, RequestInit]} */ (['/items/7', { method: 'POST', headers: { [spell(name)]: 'DELETE' } }])));
    const { statuses, ran: methods } = await methodsRun(byMethod, [...requests, ['/items/7', { method: 'DELETE' }]]);
    assert.equal(statuses.pop(), 401);
    assert.deepEqual([...new Set(statuses)], [200]);
    assert.deepEqual([...new Set(methods)], ['POST']);
  });

  // Bodies stream, so the gate never sees them. docs/requests.md says what follows from this; the test is here so that it stays true.
  test('is told by a form’s body, which no rule by method looks at: the rule has to name POST, or the path', async () => {
    /** @type {[string, RequestInit][]} */
    const requests = [['/items/7', { method: 'POST', headers: form, body: '_method=DELETE' }]];
    assert.deepEqual(await methodsRun(byMethod, requests), { statuses: [200], ran: ['DELETE'] });
    assert.deepEqual(await methodsRun(withPost, requests), { statuses: [401], ran: [] });
    assert.deepEqual(await methodsRun(byPath, requests), { statuses: [401], ran: [] });
  });

  test('is told by the query only what the policy was asked about', async () => {
    const queries = ['_method=DELETE', '_method=delete', '%5Fmethod=DELETE', 'a=1&_method=D%45LETE', '_method=POST&_method=DELETE', '_method=PURGE', '_method=PUT&_method=PATCH&_method=GET&_method=HEAD&_method=OPTIONS&_method=DELETE'];
    const requests = queries.map((query) => /** @type {[string, RequestInit]} */ ([`/items/7?${query}`, { method: 'POST' }]));
    const { statuses, ran: methods } = await methodsRun(byMethod, requests);
    assert.deepEqual([...new Set(statuses)], [401]);
    assert.deepEqual(methods, []);
    // Another parameter, and another path, stay what they are.
    assert.deepEqual(await methodsRun(byMethod, [['/items/7?method=DELETE', { method: 'POST' }]]), { statuses: [200], ran: ['POST'] });
  });
});

describe('an origin to which one request names several procedures, or another than its path', () => {
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let origin;
  /** @type {Awaited<ReturnType<typeof startGate>>} */
  let gate;
  /** @type {string[]} */
  const ran = [];
  before(async () => {
    origin = await serve((request, response) => {
      const url = new URL(request.url ?? '/', 'http://h');
      const path = decodeURIComponent(decodeURIComponent(url.pathname));
      // As tRPC 11 does for fetch, and for Express, which knows what follows the last slash; behind Fastify and Next.js it decodes once more.
      for (const rest of [path.slice('/api/trpc/'.length), path.slice(path.lastIndexOf('/') + 1)]) {
        if (path.startsWith('/api/trpc/')) ran.push(...(url.searchParams.get('batch') === '1' ? rest.split(',') : [rest]));
      }
      // As Astro 7 does.
      const action = path.startsWith('/_actions/') ? path.replace(/^.*\/_actions\//, '') : url.searchParams.get('_action');
      if (action) ran.push(action.split('.').map(decodeURIComponent).join('.'));
      // As Waku does.
      const page = /^\/RSC\/_?R(\/.*?)_?\.txt$/.exec(path)?.[1];
      if (page) ran.push(page);
      response.end();
    });
    const policy = { ...LISTS, public: ['/', '/about', '/api/trpc/post.(.*)', '/api/trpc/x(.*)', '/_actions/news(.*)'], protected: [], default: 'protected', origin: origin.url };
    gate = await startGate({ policy: { ...policy, admin: ['/admin(.*)', '/api/trpc/admin(.*)', '/_actions/admin.(.*)'] } });
  });
  after(() => Promise.all([gate.stop(), origin.stop()]));

  const hidden = [
    '/api/trpc/post.list,admin.remove?batch=1', '/api/trpc/post.list%2Cadmin.remove?batch=1', '/api/trpc/post.list%252Cadmin.remove?x&%62atch=1',
    '/api/trpc/x/y,admin.remove?batch=1', '/api/trpc/x/admin.remove', '/api/trpc/x/admin', '/api/trpc/x/admin,y?batch=1', '/api/trpc/x,y/admin.remove?batch=1', '/api/trpc/x/y/,admin.remove,?batch=1',
    '/about?_action=admin.remove', '/?x=1&%5faction=admin%2Eremove', '/about?_action=%2561dmin.remove', '/_actions/news/_actions/admin.remove', '/_actions/news/_actions/a/_actions/admin.remove',
    '/RSC/R/admin.txt', '/RSC/_R/admin/users_.txt',
  ];

  test('runs none that the visitor may not', async () => {
    const user = await gate.clerk.token();
    ran.splice(0);
    const answers = await Promise.all(hidden.flatMap((target) => [gate.request(target, { method: 'POST' }), gate.request(target, { method: 'POST', token: user })]));
    assert.deepEqual(answers.map(({ status }) => status), hidden.flatMap(() => [401, 403]));
    assert.deepEqual(ran, []);
    // One that nobody listed is no more open in a batch than alone.
    assert.deepEqual(await Promise.all(['/api/trpc/user.me', '/api/trpc/post.list,user.me?batch=1', '/api/trpc/x/y,user.me?batch=1'].map(async (path) => (await gate.request(path)).status)), [401, 401, 401]);
  });

  test('runs those that the visitor may', async () => {
    const admin = await gate.clerk.token({ metadata: { role: 'admin' } });
    for (const target of hidden) {
      assert.equal((await gate.request(target, { method: 'POST', token: admin })).status, 200, target);
      assert.ok(ran.splice(0).some((name) => /^\/?admin/.test(name)), `${target} is worth hiding`);
    }
    for (const target of ['/api/trpc/post.list,post.one?batch=1', '/about?_action=news', '/_actions/news']) {
      assert.equal((await gate.request(target, { method: 'POST' })).status, 200, target);
    }
    assert.deepEqual([...new Set(ran)], ['post.list', 'post.one', 'news']);
  });

  // The names of all of them are in every page of VitePress, the public ones too.
  test('gives the script of a page to who may see the page, whatever static files are', async () => {
    const docs = await startGate({ policy: { ...LISTS, default: 'protected', static_files: 'public', protected: ['/internal(.*)'], origin: origin.url } });
    try {
      const open = ['/assets/index.md.BvFZuqfj.js', '/assets/about.md.DwHLW-HF.js', '/assets/blog_index.md.x.js', '/assets/blog_a_b.md.x.lean.js', '/assets/chunks/framework.3f2a.js', '/assets/app.js'];
      const closed = ['/assets/internal_plan.md.DwHLW-HF.js', '/assets/internal_deep_my_page-two.md.x.lean.js', '/assets/internal.md.x.js', '/assets/unlisted.md.x.js', '/assets/a_b.md.x.js'];
      const statuses = (/** @type {string[]} */ paths) => Promise.all(paths.map(async (path) => (await docs.request(path)).status));
      assert.deepEqual(await statuses(open), open.map(() => 200));
      assert.deepEqual(await statuses(closed), closed.map(() => 401));
    } finally {
      await docs.stop();
    }
  });
});
