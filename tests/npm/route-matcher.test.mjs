// `createRouteMatcher` beside Clerk's own path matcher.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPathMatcher } from '@clerk/shared/pathMatcher';

import { createRouteMatcher } from '../../npm/node.js';

const PATTERNS = [
  ['/admin(.*)'], ['/admin/:path*'], ['/'], ['/sign-in(.*)', '/sign-up(.*)'], ['/blog/:slug'], ['/files/:id(\\d+)'], [/^\/api\/v\d/], ['/a', /x/i], ['/équipe'], [],
];
const ORDINARY = [
  '/', '/admin', '/admin/', '/ADMIN', '/admin/users', '/administrator', '/sign-in', '/sign-in/factor-one', '/blog/a', '/blog/a/b', '/files/12',
  '/files/x', '/api/v1/x', '/api/vx', '/a', '/A', '/xX', '/caf%C3%A9', '/%C3%A9quipe', '/b%20c', '/deep/admin',
];

test('ordinary paths are matched as by Clerk', () => {
  let matches = 0;
  for (const patterns of PATTERNS) {
    const ours = createRouteMatcher(patterns);
    const theirs = createPathMatcher(patterns);
    for (const path of ORDINARY) {
      assert.equal(ours(path), theirs(path), `${path} by ${patterns}`);
      matches += Number(ours(path));
    }
  }
  assert.ok(matches > 20);
});

test('requests, URLs and paths are asked alike, and a query is no part of a path', () => {
  const isAdmin = createRouteMatcher('/admin(.*)');
  for (const asked of ['/admin?x', 'https://example.com/admin#x', new URL('https://example.com/admin'), new Request('https://example.com/admin'), { method: 'GET', url: 'https://example.com/admin', headers: new Headers() }]) {
    assert.equal(isAdmin(/** @type {any} */ (asked)), true);
  }
  assert.equal(isAdmin('/?x=/admin'), false);
  assert.equal(createRouteMatcher((request) => request.url.endsWith('1'))(new Request('https://example.com/1')), true);
});

test('what only spells a path otherwise matches, where Clerk does not see it', () => {
  const isAdmin = createRouteMatcher(['/admin']);
  const theirs = createPathMatcher(['/admin']);
  for (const path of ['/admin.json', '/%EF%BD%81dmin']) {
    assert.deepEqual([isAdmin(path), theirs(path)], [true, false], path);
  }
});

test('readings that lead to different places are neither a match nor none', () => {
  const isAdmin = createRouteMatcher(['/admin(.*)']);
  const isOpen = createRouteMatcher(['/open(.*)']);
  for (const path of ['/open/..%2fadmin', '/admin%2f..%2fopen', '/open;/../admin']) {
    for (const test of [isAdmin, isOpen]) {
      assert.throws(() => test(path), (/** @type {any} */ error) => error.code === 'invalid-request' && error.reason === 'ambiguous-path' && error.statusCode === 400, path);
    }
  }
});

test('data of a framework is its page, where there is such a framework', () => {
  assert.throws(() => createRouteMatcher(['/admin'])('/_next/data/build/admin.json'), /leads to a route that matches and to one that does not/);
});

test('a path that cannot be judged throws, as Clerk does for broken encodings', () => {
  const isAdmin = createRouteMatcher(['/admin(.*)']);
  for (const [path, reason] of [['/x%00', 'encoded-nul'], ['/a\nb', 'control-byte'], ['relative', 'not-http'], ['', 'not-http'], [`/${'a'.repeat(1e6)}`, 'url-too-long']]) {
    assert.throws(() => isAdmin(path), (/** @type {any} */ error) => error.reason === reason && error.statusCode === 400, path.slice(0, 20));
  }
});

test('bad patterns and arguments are named', () => {
  assert.throws(() => createRouteMatcher(['/ok', '/:']), /invalid pattern `\/:`/);
  for (const bad of [undefined, null, 5, {}, ['/x', 5]]) {
    assert.throws(() => createRouteMatcher(/** @type {any} */ (bad)), (/** @type {any} */ error) => error.code === 'invalid-argument' && /`patterns`/.test(error.message));
  }
  for (const bad of [undefined, null, 5, {}]) {
    assert.throws(() => createRouteMatcher('/')(/** @type {any} */ (bad)), (/** @type {any} */ error) => error.code === 'invalid-argument' && /`request`/.test(error.message));
  }
});

test('an expression that remembers is asked from the start', () => {
  const isMatch = createRouteMatcher(/admin/g);
  assert.deepEqual([isMatch('/admin'), isMatch('/admin')], [true, true]);
  for (const frozen of [/^\/admin/, /^\/admin/g, /\/admin/y]) {
    const isFrozenMatch = createRouteMatcher([Object.freeze(frozen)]);
    assert.deepEqual([isFrozenMatch('/admin'), isFrozenMatch('/admin'), isFrozenMatch('/open')], [true, true, false], String(frozen));
  }
});
