// The module that decides what becomes of a request.

import { refused } from './errors.js';
import { loopAround } from './loop.js';
import { sign } from './signing.js';

export const core = loopAround(doorsOf, sign);

/** How many gates live, by their settings. @type {Map<string, number>} */
const alive = new Map();

/** Says when one is gone. workerd has that from the compatibility date 2025-05-05 on; where it is not had, gates are kept like anything else. */
const collected = typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry(forget);

/** @param {string} settings */
function forget(settings) {
  const others = (alive.get(settings) ?? 1) - 1;
  if (others > 0) alive.set(settings, others);
  else alive.delete(settings);
}

/**
 * Keeps what was made of settings for as long as somebody has what this returns: with it would go keys and tokens.
 *
 * @param {string} settings
 */
export function keep(settings) {
  const kept = { settings };
  if (collected !== undefined) {
    alive.set(settings, (alive.get(settings) ?? 0) + 1);
    collected.register(kept, settings);
  }
  return kept;
}

/** @param {typeof import('./dist/gate.js')} core */
function doorsOf(core) {
  const { make_gate: make, free_gate: free } = core;
  return {
    gate: { make, free, begin: core.begin_gate, refusal: mistakes, isKept: (/** @type {string} */ settings) => alive.has(settings) },
    redirect: { of: 'gate', make, free, begin: core.begin_may_show },
    explanation: { make, free, begin: core.begin_explanation, refusal: mistakes },
    matcher: { make: core.make_matcher, free: core.free_matcher, begin: core.match_readings },
  };
}

/** What is wrong with a configuration. @param {string} text */
function mistakes(text) {
  const errors = /** @type {{ setting: string, message: string }[]} */ (JSON.parse(text));
  const message = `${errors.length === 1 ? 'the configuration has a mistake' : `the configuration has ${errors.length} mistakes`}:`;
  const error = refused('invalid-options', [message, ...errors.map((one) => one.message)].join('\n'));
  error.errors = errors;
  return error;
}

/**
 * Makes what a kind of check needs, before the first one is made.
 *
 * @param {string} kind
 * @param {string} options as JSON
 */
export function prepare(kind, options) {
  core.ask(({ checkerFor }) => checkerFor(kind, options));
}
