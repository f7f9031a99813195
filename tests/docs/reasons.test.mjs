// docs/reasons.md has every reason that the code can give, once, and no other; in the code each is written once.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../../tools/run.mjs';
import { environment } from '../support/environment.mjs';

const OF_THE_GATE = "\n## The gate's own\n";
const read = (file) => readFileSync(join(ROOT, file), 'utf8');
const [ofSessions, ofTheGate] = read('docs/reasons.md').split(OF_THE_GATE);
/** Names between backticks, in order. @param {string} text */
const namesIn = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
/** Names in the first cells of tables. @param {string} text */
const firstCells = (text) => text.split('\n').flatMap((line) => (line.startsWith('| `') ? namesIn(line.split(' | ')[0]) : []));
const source = read('src/reason.rs').split('#[cfg(test)]')[0];
/** Reasons of sessions: what the arms of a `match` name. */
const known = [...source.matchAll(/=> "([^"]+)"/g)].map(([, name]) => name);
/** The gate's own: constants. */
const own = [...source.matchAll(/^pub const ([A-Z_]+): &str = "([^"]+)";$/gm)].map(([, constant, name]) => ({ constant, name }));

test('every reason of sessions is in docs/reasons.md once, and no other', () => {
  assert.ok(known.length > 40);
  assert.deepEqual(firstCells(ofSessions).sort(), known.sort());
  assert.ok(ofSessions.includes('`session-token-expired-refresh-`'));
});

test("every reason of the gate's own is among them there once, and no other", () => {
  // Nobody is told of a delivery before its signature is checked.
  const told = own.map(({ name }) => name).filter((name) => name !== 'webhook-received');
  const isName = (name) => /^[a-z]+(-[a-z]+)*$/.test(name) && name !== 'type';
  assert.ok(told.length > 40);
  assert.deepEqual(namesIn(ofTheGate).filter(isName).sort(), told.sort());
});

test("the package's types name reasons of the gate's own", () => {
  const typed = read('npm/types/reasons.d.ts').split('type DecisionReason')[1].split(/;\n/)[0];
  const names = [...typed.matchAll(/^ {2}\| '([^']+)'/gm)].map(([, name]) => name);
  assert.ok(names.length > 10);
  for (const name of names) assert.ok(own.some((one) => one.name === name) || known.includes(name), name);
});

test('a reason is written in src/reason.rs and nowhere else, and each is given', () => {
  const files = execFileSync('git', ['ls-files', 'src'], { cwd: ROOT, env: environment(), encoding: 'utf8' }).trim().split('\n');
  const others = files.filter((file) => file.endsWith('.rs') && file !== 'src/reason.rs' && !file.startsWith('src/cli/'));
  const code = others.map((file) => read(file).split('#[cfg(test)]\nmod tests')[0].replace(/^\s*\/\/.*$/gm, '')).join('\n');
  for (const { constant, name } of own) {
    assert.ok(code.includes(`reason::${constant}`), `${name} is given nowhere`);
    // `signed-out` is the word for a status too; a word without a dash may mean anything.
    if (name.includes('-') && name !== 'signed-out') assert.ok(!code.includes(`"${name}"`), `${name} is written out`);
  }
  const writtenOut = [...code.matchAll(/Refusal::\w+(?:\.problem\(|\.page\(|, )"([a-z-]+)"/g)].map(([, name]) => name);
  assert.deepEqual(writtenOut, []);
});
