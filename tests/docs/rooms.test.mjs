// A room of src/ uses the rooms above it on the map in ARCHITECTURE.md, and none below.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../../tools/run.mjs';
import { environment } from '../support/environment.mjs';

const tracked = execFileSync('git', ['ls-files', 'src'], { cwd: ROOT, env: environment(), encoding: 'utf8' }).trim().split('\n');
const read = (file) => readFileSync(join(ROOT, file), 'utf8');

/** `src/a/b.rs` and `src/a/b/mod.rs` are `['a', 'b']`. @param {string} path */
const moduleOf = (path) => path.replace(/^src\//, '').replace(/(\/mod)?\.rs$|\/$/, '').split('/').filter((name) => name !== 'lib');

/** The rooms from the top of the map to its bottom, each as the module that it is; those of one row are one layer. */
const rows = read('ARCHITECTURE.md').split('\n').filter((line) => line.startsWith('| `src/'));
const rooms = rows.flatMap((row, layer) => [...row.split(' | ')[0].matchAll(/`([\w./]+)`/g)].map(([, name]) => {
  return { name, layer, module: moduleOf(name) };
}));

/** The innermost room that holds a module. @param {string[]} path */
const roomOf = (path) => rooms.filter(({ module }) => module.every((name, i) => name === path[i])).sort((a, b) => b.module.length - a.module.length)[0];

/** What is compiled into a program: no comments, no text, no tests. @param {string} source */
const withoutTests = (source) => source.split(/^#\[cfg\(test\)\]\nmod tests\b/m)[0]
  .replace(/^\s*\/\/.*$/gm, '').replace(/r#"[^]*?"#/g, '""').replace(/"(?:[^"\\\n]|\\[^])*"/g, '""').replace(/\/\/.*$/gm, '')
  .replace(/#\[cfg\(test\)\]\n(?:pub(?:\([a-z]+\))? )?(?:mod|use) [^;]*;/g, '');

/** Modules that only tests are built with. */
const testing = tracked.filter((file) => file.endsWith('.rs')).flatMap((file) => {
  return [...read(file).matchAll(/#\[cfg\(test\)\]\n(?:pub(?:\([a-z]+\))? )?mod (\w+);/g)].map(([, name]) => [...moduleOf(file), name].join('/'));
});

/** The paths of a tree of `use`, braces opened. @param {string} text What stands behind the first `::`. @returns {string[]} */
function pathsOf(text) {
  const word = /^\s*(\w+|\*)\s*(?:as\s+\w+\s*)?/.exec(text);
  if (word && !/^::/.test(text.slice(word[0].length))) return [word[1]];
  if (word) return pathsOf(text.slice(word[0].length + 2)).map((rest) => `${word[1]}::${rest}`);
  if (text.trimStart()[0] !== '{') return [];
  let depth = 0;
  let start = text.indexOf('{') + 1;
  const parts = [];
  for (let i = start; i < text.length && depth >= 0; i += 1) {
    if (text[i] === '{') depth += 1;
    else if (text[i] === '}') depth -= 1;
    if (depth < 0 || (depth === 0 && text[i] === ',')) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return parts.flatMap(pathsOf);
}

/** The modules of the crate that a file names, as paths from the root. @param {string} file */
function usesOf(file) {
  const own = moduleOf(file);
  const source = withoutTests(read(file));
  return [...source.matchAll(/(?<![\w:])(crate|super)((?:::super)*)::/g)].flatMap(({ 0: found, 1: root, 2: more, index }) => {
    const base = root === 'crate' ? [] : own.slice(0, own.length - 1 - more.length / '::super'.length);
    return pathsOf(source.slice(index + found.length)).map((path) => [...base, ...path.split('::')]);
  });
}

test('every file of src/ is in a room', () => {
  assert.ok(rooms.length > 20);
  for (const file of tracked) {
    const module = moduleOf(file);
    const isOnlyTheWayTo = rooms.some((room) => module.every((name, i) => name === room.module[i]));
    assert.ok(roomOf(module) || isOnlyTheWayTo, `${file} is in no room of ARCHITECTURE.md`);
  }
});

test('a room uses the rooms above it on the map, never those below', () => {
  const upwards = new Set();
  let seen = 0;
  for (const file of tracked.filter((name) => name.endsWith('.rs'))) {
    const module = moduleOf(file);
    const own = roomOf(module);
    if (!own || testing.includes(module.join('/'))) continue;
    for (const used of usesOf(file)) {
      const room = roomOf(used);
      assert.ok(room, `${file} uses crate::${used.join('::')}, which is in no room`);
      seen += 1;
      if (room.layer > own.layer) upwards.add(`${file} uses crate::${used.join('::')} of ${room.name}`);
    }
  }
  assert.ok(seen > 500);
  assert.deepEqual([...upwards], []);
});
