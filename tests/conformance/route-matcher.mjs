// What the kit is meant to find: a route matcher on the path as the URL parser leaves it, with the gate's own patterns.

import { pathToRegexp } from 'path-to-regexp';

/** @param {Record<string, any>} policy @param {{ url: string }} request */
export function classify(policy, { url }) {
  const { pathname } = new URL(url);
  const listed = ['admin', 'public', 'protected'].find((access) => policy[access].some((/** @type {string} */ pattern) => pathToRegexp(pattern).test(pathname)));
  return listed ?? policy.default;
}
