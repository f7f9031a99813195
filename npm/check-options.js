// What every function that takes options asks of them first.

import { invalidArgument } from './errors.js';

/** @param {unknown} options */
export function checkOptions(options) {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) throw invalidArgument('options', options, 'an object of options');
}
