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
  const [, table] = read('docs/settings.md').split('## `[vars.PORTCULLIS]`')[1].split('\n\n');
  const documented = table.split('\n').slice(2).flatMap((row) => [...row.split(' | ')[0].matchAll(/`([a-z_]+)`/g)].map(([, name]) => name));
  assert.ok(documented.length > 30);
  assert.deepEqual([...new Set(taken)].sort(), documented.sort());
});

test('every link between the documents leads to a file', () => {
  const documents = tracked.filter((file) => file.endsWith('.md') && !file.startsWith('tests/vectors/'));
  assert.ok(documents.length >= 6);
  for (const document of documents) {
    for (const [, target] of read(document).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
      assert.ok(existsSync(join(ROOT, dirname(document), target)), `${document} links to ${target}, which is not there`);
    }
  }
});
