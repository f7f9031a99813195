// The map in ARCHITECTURE.md names what is there, and nothing that is gone; links in the documents lead somewhere.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../../tools/run.mjs';
import { environment } from '../support/environment.mjs';

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, env: environment(), encoding: 'utf8' }).trim().split('\n');
const read = (file) => readFileSync(join(ROOT, file), 'utf8');

test('every room of src/ and every folder at the top is on the map', () => {
  const map = read('ARCHITECTURE.md');
  const rooms = new Set(tracked.filter((file) => file.startsWith('src/')).map((file) => file.split('/')[1]));
  const folders = new Set(tracked.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
  assert.ok(rooms.size > 10 && folders.size > 5);
  for (const room of rooms) assert.ok(room === 'lib.rs' || map.includes(room), `src/${room} is not in ARCHITECTURE.md`);
  for (const folder of folders) {
    const isOwnConfiguration = folder === '.cargo' || folder === 'src';
    assert.ok(isOwnConfiguration || map.includes(`${folder}/`), `${folder}/ is not in ARCHITECTURE.md`);
  }
});

test('every file that ARCHITECTURE.md names is there', () => {
  const named = [...read('ARCHITECTURE.md').matchAll(/`((?:src|tests|npm|docs|tools|bench)\/[\w./-]+)`/g)].map(([, path]) => path);
  assert.ok(named.length > 15);
  for (const path of named) assert.ok(existsSync(join(ROOT, path)), `${path} is named and not there`);
});

test('every setting is in docs/settings.md, and every setting there is one', () => {
  const source = ['mod', 'authorized_parties', 'webhook'].map((file) => read(`src/settings/${file}.rs`).split('#[cfg(test)]')[0]).join('\n');
  const taken = [...source.matchAll(/(?:\btake\w*\(|\bpatterns\(|read_page\(&mut table, |const KEY: &str = )\s*"([a-z_]+)"/g)].map(([, name]) => name);
  const settings = read('docs/settings.md');
  const table = settings.split('## `[vars.PORTCULLIS]`')[1].split('\n\n').find((part) => part.startsWith('| name')) ?? '';
  const documented = table.split('\n').slice(2).flatMap((row) => [...row.split(' | ')[0].matchAll(/`([a-z_]+)`/g)].map(([, name]) => name));
  assert.ok(documented.length > 30);
  assert.deepEqual([...new Set(taken)].sort(), documented.sort());
  const environment = read('src/settings/environment.rs').split('#[cfg(test)]')[0];
  const variables = new Set([...environment.matchAll(/"((?:CLERK|PORTCULLIS)_[A-Z_]+|ORIGIN)"/g)].map(([, name]) => name));
  assert.ok(variables.size > 10);
  for (const name of variables) assert.ok(settings.includes(`\`${name}\``), `${name} is not in docs/settings.md`);
});

test('every header that the app gets is in docs/requests.md', () => {
  const [, section] = read('docs/requests.md').split('\n## What your app gets\n');
  const named = [...section.split('\n## ')[0].matchAll(/`(X-[\w-]+)`/g)].map(([, name]) => name.toLowerCase());
  const known = [...read('src/headers/names.rs').matchAll(/"(x-(?:portcullis|forwarded)-[a-z-]+)"/g)].map(([, name]) => name);
  assert.ok(known.length > 10);
  // That one goes to Clerk's Frontend API only.
  for (const name of known.filter((name) => name !== 'x-forwarded-for')) assert.ok(named.includes(name), `${name} is not in docs/requests.md`);
});

const documents = tracked.filter((file) => file.endsWith('.md') && !file.startsWith('tests/vectors/'));

test('every header that is taken off is in docs/requests.md, and every extension of a static file in docs/settings.md', () => {
  const [, section] = read('docs/requests.md').split('\n## Headers that are taken off\n');
  const said = [...section.split('\n## ')[0].matchAll(/`([a-z][a-z-]+)…?`/g)].map(([, name]) => name).sort();
  const reserved = read('src/headers/reserved.rs');
  const [names, prefixes] = ['const NAMES', 'const PREFIXES'].map((list) => [...reserved.split(list)[1].split('];')[0].matchAll(/"([a-z-]+)"/g)].map(([, name]) => name));
  assert.ok(names.length > 40 && prefixes.length > 3);
  assert.deepEqual(said, [...names, ...prefixes].sort());
  const extensions = [...read('src/policy/static_files.rs').split('];')[0].matchAll(/"(\w+)"/g)].map(([, extension]) => extension).sort();
  const [, listed] = /opens unlisted paths by their extension \(([^)]*)\)/.exec(read('docs/settings.md')) ?? [];
  assert.deepEqual(listed?.split(', '), extensions);
});

test('every link between the documents leads to a file, and to a heading that it has', () => {
  assert.ok(documents.length >= 6);
  let anchors = 0;
  for (const document of documents) {
    for (const [, link] of read(document).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
      const [path, anchor] = link.split('#');
      const target = path === '' ? document : join(dirname(document), path);
      assert.ok(existsSync(join(ROOT, target)), `${document} links to ${link}, which is not there`);
      if (anchor === undefined || !target.endsWith('.md')) continue;
      anchors += 1;
      assert.ok(headingsOf(target).includes(anchor), `${document} links to ${link}, and ${target} has no such heading`);
    }
  }
  assert.ok(anchors > 30);
});

/** The anchors that a platform makes of a document's headings. @param {string} document */
function headingsOf(document) {
  const headings = read(document).replaceAll(/^```[^]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  const kept = (/** @type {string} */ text) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');
  return [...headings].map(([, text]) => kept(text));
}

test('every test that a document names is there', () => {
  const tests = tracked.filter((file) => /^(tests|fuzz|src)\//.test(file));
  const code = tests.filter((file) => /\.(mjs|rs)$/.test(file)).map(read).join('\n');
  let named = 0;
  for (const document of documents.filter((file) => file !== 'CHANGELOG.md')) {
    const text = read(document);
    for (const [, name] of text.matchAll(/`([\w./*-]+(?:\.test\.mjs|tests\.rs)|tests\/[\w./-]+|\w+_laws\.rs)`/g)) {
      named += 1;
      const there = name.includes('*')
        ? tests.some((file) => file.startsWith(name.split('*')[0]))
        : tests.some((file) => file === name || file.endsWith(`/${name}`) || file.startsWith(name.endsWith('/') ? name : `${name}/`)) || existsSync(join(ROOT, name));
      assert.ok(there, `${document} names \`${name}\`, which is not there`);
    }
    // As docs/differences.md has them: `Test: a name`, where it is a test's own and no file's.
    for (const [, list] of text.matchAll(/\bTests?: ([^]*?)\.(?:\s|$)/g)) {
      for (const [, name] of list.matchAll(/`([^`]+)`/g)) {
        if (name.includes('/') || /\.\w+$/.test(name)) continue;
        named += 1;
        assert.ok(code.includes(name.replaceAll(/\s+/g, ' ')), `${document} names the test \`${name}\`, which is not there`);
      }
    }
  }
  assert.ok(named > 100);
});
