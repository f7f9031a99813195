// The types say what the core does: the same reasons, the same settings.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { ROOT } from '../../tools/run.mjs';

const read = (/** @type {string} */ path) => readFileSync(join(ROOT, path), 'utf8');
/** Every file of the types, one behind the other. */
const types = readdirSync(join(ROOT, 'npm/types')).map((name) => read(`npm/types/${name}`)).join('\n');

/** The literals of a type of strings. @param {string} name */
function union(name) {
  const start = types.indexOf(`export type ${name} =`);
  assert.ok(start >= 0, `no type ${name}`);
  const text = types.slice(start).replace(/\/\*\*.*?\*\//gs, '').split(';')[0];
  return new Set([...text.matchAll(/['`]([^'`]+)['`]/g)].map(([, literal]) => literal));
}

/** What stands in quotes in the first match. @param {string} path @param {RegExp} within */
function literals(path, within) {
  const found = within.exec(read(path));
  assert.ok(found, `${path} does not look as it did`);
  return new Set([...found[0].matchAll(/"([^"]+)"/g)].map(([, literal]) => literal));
}

test('every file of the types is given out by the entry, and no other', () => {
  const given = [...read('npm/index.d.ts').matchAll(/^export \* from '\.\/types\/(\w+)\.js';$/gm)].map(([, name]) => `${name}.d.ts`);
  assert.ok(given.length > 0);
  assert.deepEqual(given.sort(), readdirSync(join(ROOT, 'npm/types')).sort());
});

test('every reason of a session is in the type, and no other', () => {
  const core = literals('src/reason.rs', /impl Reason \{[\s\S]*?\n\}/);
  core.delete('session-token-expired-refresh-');
  core.add('session-token-expired-refresh-${string}');
  assert.deepEqual([...new Set([...union('Reason'), ...union('TokenReason'), ...union('FreshnessReason')])].sort(), [...core].sort());
});

/** The gate's own reasons: constants, each by the way that a request has come to it. */
const own = new Set([...read('src/reason.rs').matchAll(/^pub const [A-Z_]+: &str = "([^"]+)";$/gm)].map(([, name]) => name));
/** Those that only the Worker gives, or none but the log is told. */
const WORKERS = [
  'frontend-api-unreachable', 'invalid-settings', 'origin-unreachable', 'webhook-already-handled', 'webhook-in-progress', 'webhook-path-misspelt', 'webhook-received',
  'webhook-store-unavailable', 'webhook-verified',
];

test('every reason of the gate is in one of the types, and no other', () => {
  assert.ok(own.size > 40);
  const sessions = new Set([...union('Reason'), ...union('TokenReason')]);
  const typed = ['AmbiguityReason', 'DecisionReason', 'WebhookReason'].flatMap((name) => [...union(name)]).filter((reason) => !sessions.has(reason));
  assert.deepEqual([...typed, ...WORKERS].sort(), [...own].sort());
});

/** The reasons that a function gives, by their constants. @param {string} path @param {RegExp} within */
function reasonsIn(path, within) {
  const found = within.exec(read(path));
  assert.ok(found, `${path} does not look as it did`);
  const names = [...found[0].matchAll(/reason::([A-Z_]+)/g)].map(([, constant]) => constant.toLowerCase().replaceAll('_', '-'));
  assert.ok(names.length > 5);
  return names.sort();
}

test('what the search of a path ends in is the type of its own, and no other', () => {
  assert.deepEqual([...union('AmbiguityReason')].sort(), reasonsIn('src/path/mod.rs', /pub fn kind\(&self\)[\s\S]*?\n {4}\}/));
});

test('every check of a token is in the type, and no other', () => {
  assert.deepEqual([...union('TokenCheck')].sort(), [...literals('src/token/error.rs', /impl TokenCheck \{[\s\S]*?\n\}/)].sort());
});

test('every reason of a webhook is in the type, and no other', () => {
  assert.deepEqual([...union('WebhookReason')].sort(), reasonsIn('src/webhook/error.rs', /pub fn reason\(&self\)[\s\S]*?\n {4}\}/));
});

test('every status of a refusal is in the type', () => {
  const wire = /pub fn wire\(self\)[\s\S]*?\n {4}\}/.exec(read('src/gate/answer.rs'))?.[0] ?? '';
  // 502 is an answer of `handle`, 413 one of the Worker to webhooks: no decisions.
  const core = [...new Set([...wire.matchAll(/\((?:\s*)(\d{3}),/g)].map(([, status]) => status))].filter((status) => status !== '502' && status !== '413');
  const declared = /readonly status: ((?:\d{3}(?: \| )?){4,});/.exec(types)?.[1].split(' | ');
  assert.deepEqual(declared?.sort(), core.sort());
});

test('every setting of the documents is in the type of the configuration, and no other', () => {
  const camel = (/** @type {string} */ name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
  const docs = read('docs/settings.md');
  const tables = docs.slice(docs.indexOf('## The Clerk instance'), docs.indexOf('### Rules'));
  const documented = [...tables.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names]) => [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name));
  const expected = documented.map((name) => camel(/^[A-Z]/.test(name) ? name.slice(name.indexOf('_') + 1).toLowerCase() : name));
  const config = /export interface GateConfig \{([\s\S]*?)\n\}/.exec(types)?.[1] ?? '';
  const declared = [...config.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  assert.ok(declared.length > 15);
  assert.deepEqual(declared.sort(), expected.sort());
});
