// A request's headers, as a Wasm module asks for them: one by one, by number or by name.

import { line } from './texts.js';

/** @typedef {{ get(name: string): string | null } & Iterable<[string, string]>} HeaderGetter */

const ABSENT = -1;

/**
 * The class whose methods a module calls.
 *
 * @param {typeof import('./dist/runs.js')} wasm the bindings of the module
 * @param {import('./texts.js').Texts} texts its own
 */
export function headerReaderFor(wasm, { text, write }) {
  /** The headers that the core may ask for, by its numbers. @type {string[] | undefined} */
  let headerNames;

  /** A request's headers, read as the core asks for them: on most ways it wants three or four. */
  return class HeaderReader {
    /** @param {HeaderGetter} headers */
    constructor(headers) {
      if (headerNames === undefined) {
        wasm.header_names();
        headerNames = text().split(',');
      }
      this.headers = headers;
    }

    /** @param {number} index */
    read(index) {
      const value = this.headers.get(/** @type {string[]} */ (headerNames)[index]);
      return value === null || value === undefined ? ABSENT : write(line(value));
    }

    readNamed() {
      const value = this.headers.get(text());
      return value === null || value === undefined ? ABSENT : write(line(value));
    }

    readAll() {
      let text = '';
      for (const [name, value] of this.headers) text += `${name}:${line(value)}\n`;
      return write(text);
    }
  };
}
