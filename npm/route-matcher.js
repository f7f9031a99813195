// `createRouteMatcher`: tests of paths by patterns, in the shape of Clerk's.

import { PortcullisError, invalidArgument } from './errors.js';
import { core, prepare } from './gate-core.js';
import { line } from './texts.js';

/**
 * @param {any} patterns
 * @returns {(asked: any) => boolean}
 */
export function createRouteMatcher(patterns) {
  if (typeof patterns === 'function') return (asked) => Boolean(patterns(asked));
  const all = Array.isArray(patterns) ? patterns.flat(Infinity) : [patterns];
  const texts = all.filter((one) => typeof one === 'string');
  const expressions = all.filter((one) => one instanceof RegExp || Object.prototype.toString.call(one) === '[object RegExp]');
  if (texts.length + expressions.length < all.length) {
    const odd = all.find((one) => !texts.includes(one) && !expressions.includes(one));
    throw invalidArgument('patterns', odd, 'a pattern, an expression, or a list of these');
  }
  // What is frozen cannot note where it was, and would throw where it has to.
  const own = expressions.map((expression) => (Object.isFrozen(expression) ? new RegExp(expression) : expression));
  const options = JSON.stringify(texts);
  prepare('matcher', options);
  return (asked) => {
    const path = line(pathOf(asked));
    const { kind, text } = core.ask(({ begin }) => begin('matcher', options, [path]));
    if (kind === 0) {
      const [reason, message] = text.split('\n');
      throw badRequest(reason, message);
    }
    return answer(JSON.parse(text), own);
  };
}

/**
 * @param {[isFirm: boolean, isMatched: boolean, path: string, decoded: string][]} readings
 * @param {RegExp[]} expressions
 */
function answer(readings, expressions) {
  let [matched, missed, matchedSoftly] = [false, false, false];
  for (const [isFirm, isMatched, path, decoded] of readings) {
    const isOne = isMatched || expressions.some((expression) => matches(expression, path) || matches(expression, decoded));
    if (isFirm && isOne) matched = true;
    if (isFirm && !isOne) missed = true;
    if (!isFirm && isOne) matchedSoftly = true;
  }
  if (matched && missed) throw badRequest('ambiguous-path', 'the path leads to a route that matches and to one that does not, by who reads it');
  return matched || matchedSoftly;
}

/** An expression may remember where it was. @param {RegExp} expression @param {string} path */
function matches(expression, path) {
  expression.lastIndex = 0;
  return expression.test(path);
}

/** @param {unknown} asked */
function pathOf(asked) {
  const url = typeof asked === 'string' ? asked : /** @type {any} */ (asked)?.url ?? /** @type {any} */ (asked)?.href;
  if (typeof url !== 'string') throw invalidArgument('request', asked, 'a `Request`, a URL or a path');
  return url;
}

/** @param {string} reason @param {string} message */
function badRequest(reason, message) {
  const error = new PortcullisError('invalid-request', reason, message);
  error.statusCode = 400;
  return error;
}
