// How `npm test` shows JavaScript tests: a line for each file, then every failure in full, and every skipped test with its reason.

import { relative } from 'node:path';
import { inspect } from 'node:util';

import { ROOT } from './run.mjs';

/**
 * @param {AsyncIterable<{ type: string, data: any }>} source
 * @returns {AsyncGenerator<string>}
 */
export default async function* report(source) {
  /** @type {Map<string, { passed: number, failed: number, skipped: number, millis: number }>} */
  const files = new Map();
  const failures = [];
  const skipped = [];
  let current = '';

  for await (const { type, data } of source) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      if (type === 'test:stderr' || !data.file) yield data.message;
      continue;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const file = data.file ? relative(ROOT, data.file) : data.name;
    const counts = files.get(file) ?? { passed: 0, failed: 0, skipped: 0, millis: 0 };
    if (current && current !== file) yield line(current, files.get(current));
    current = file;
    files.set(file, counts);
    if (data.nesting === 0) counts.millis += data.details.duration_ms ?? 0;
    if (data.skip !== undefined) {
      counts.skipped += 1;
      skipped.push(`  ${file}: ${data.name}: ${typeof data.skip === 'string' && data.skip ? data.skip : 'no reason given'}`);
    } else if (type === 'test:fail') {
      const error = data.details.error;
      const isSuite = data.details.type === 'suite' || error?.failureType === 'subtestsFailed';
      if (isSuite && error?.failureType === 'subtestsFailed') continue;
      counts.failed += 1;
      failures.push(`\n✖ ${file}: ${data.name}\n${indent(inspect(error?.cause ?? error))}`);
    } else if (data.details.type !== 'suite') {
      counts.passed += 1;
    }
  }
  if (current) yield line(current, files.get(current));
  if (skipped.length > 0) yield `\nskipped:\n${skipped.join('\n')}\n`;
  for (const failure of failures) yield `${failure}\n`;
  const total = (/** @type {'passed' | 'failed' | 'skipped'} */ key) => [...files.values()].reduce((sum, counts) => sum + counts[key], 0);
  yield `\n${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped, in ${files.size} files\n`;
}

/**
 * @param {string} file
 * @param {{ passed: number, failed: number, skipped: number, millis: number } | undefined} counts
 */
function line(file, counts) {
  if (!counts) return '';
  const { passed, failed, skipped, millis } = counts;
  const numbers = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(Boolean).join(', ');
  return `${failed ? '✖' : '✔'} ${file}: ${numbers} (${(millis / 1000).toFixed(1)} s)\n`;
}

/** @param {string} text */
function indent(text) {
  return text.replace(/^/gm, '  ');
}
