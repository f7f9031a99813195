// docs/reasons.md has every reason that the code can give, once, and no other.

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
/** What the arms of a `match` name. @param {string} text */
const armsOf = (text) => [...text.matchAll(/=> "([^"]+)"/g)].map(([, name]) => name);

test('every reason of src/reason.rs is in docs/reasons.md once, and no other', () => {
  const known = armsOf(read('src/reason.rs'));
  assert.ok(known.length > 40);
  assert.deepEqual(firstCells(ofSessions).sort(), known.sort());
  assert.ok(ofSessions.includes('`session-token-expired-refresh-`'));
});

test("every reason of paths, loops, webhooks and the package's decisions is among the gate's own there, once", () => {
  const named = namesIn(ofTheGate);
  const between = (file, from, to) => read(file).split(from)[1].split(to)[0];
  const known = [
    ...armsOf(between('src/path/mod.rs', 'fn kind(', '\n    }\n')),
    ...armsOf(between('src/gate/bounce.rs', 'fn reason(', '\n    }\n')),
    ...armsOf(between('src/webhook/error.rs', 'fn reason(', '\n    }\n')),
    ...[...between('npm/types/reasons.d.ts', 'type DecisionReason', ';').matchAll(/^ {2}\| '([^']+)'/gm)].map(([, name]) => name),
  ];
  assert.ok(known.length > 15);
  for (const reason of new Set(known)) assert.equal(named.filter((name) => name === reason).length, 1, reason);
});

test("what docs/reasons.md calls the gate's own stands in the code, and what the gate refuses by stands there", () => {
  const files = execFileSync('git', ['ls-files', 'src'], { cwd: ROOT, env: environment(), encoding: 'utf8' }).trim().split('\n');
  const source = files.filter((file) => file.endsWith('.rs')).map((file) => read(file).split('#[cfg(test)]')[0]).join('\n');
  const named = namesIn(ofTheGate).filter((name) => /^[a-z]+(-[a-z]+)*$/.test(name) && name !== 'type');
  assert.ok(named.length > 35);
  for (const name of named) assert.ok(source.includes(`"${name}"`), `${name} is in docs/reasons.md, and not in src/`);
  const refusedBy = [...source.matchAll(/Refusal::\w+(?:\.problem\(|\.page\(|, )"([a-z-]+)"/g)].map(([, name]) => name);
  assert.ok(refusedBy.length > 8);
  for (const name of refusedBy) assert.ok(named.includes(name) || firstCells(ofSessions).includes(name), `${name} is not in docs/reasons.md`);
});
