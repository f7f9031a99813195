// One instance of a Wasm module, and what belongs to it: texts, the headers that it asks for, what it made of options, keys that it has numbers for.
// Whatever fails in it, all of this goes with it.

import { refused } from './errors.js';
import { signaturesOf } from './signatures.js';
import { line, textsOf } from './texts.js';

/** Checkers that are kept, by their options. Most programs have one or two; one that serves many instances has one for each. */
const KEPT_CHECKERS = 64;

const ABSENT = -1;

/** Up to here the lowest bits of a step say that it is over. */
const DONE = 1;
/** What the lowest bits of a step say, where a signature is to be checked: there is no text then. */
export const SIGNATURE = 2;
/** What they say, where a decision consists of parts that are known: there is no text then either. */
export const KNOWN = 6;

/** @typedef {{ get(name: string): string | null } & Iterable<[string, string]>} HeaderGetter a request's headers */

/**
 * What is made from options, and how it is asked.
 *
 * @typedef {object} Door
 * @property {(bytes: number) => number} make
 * @property {(handle: number) => void} free
 * @property {(handle: number, bytes: number, now: number) => number} begin
 * @property {string} [of] the kind that makes what this one asks, where that is another
 * @property {(text: string) => Error} [refusal] what is wrong with the options, where the text is not just a message
 * @property {(options: string) => boolean} [isKept] whether somebody holds what was made of these options
 */

/**
 * @typedef {object} Step
 * @property {number} kind
 * @property {number} run
 * @property {string} text
 */

/** @typedef {ReturnType<typeof instanceOf>} Instance */

/**
 * @template {typeof import('./dist/common.js') & typeof import('./dist/runs.js')} Exports
 * @param {WebAssembly.Module} module
 * @param {(core: Exports) => Record<string, Door>} doorsOf
 */
export function instanceOf(module, doorsOf) {
  /** The headers of the request that a call is about. @type {HeaderGetter} */
  let headers;
  /** Their names, by the module's numbers for them. @type {string[] | undefined} */
  let headerNames;
  /** What reading one of them threw, while a call is under way. @type {{ cause: unknown } | undefined} */
  let thrown;

  // Read as the core asks for them: on most ways it wants three or four.
  const host = {
    /** @param {number} index */
    read_header: (index) => read(/** @type {string[]} */ (headerNames)[index]),
    read_named_header: () => read(text()),
    read_all_headers: () => readAll(),
  };
  const core = /** @type {Exports} */ (/** @type {unknown} */ (new WebAssembly.Instance(module, { host }).exports));
  const texts = textsOf(core);
  const { text, write, writeLines, writeAny } = texts;
  const doors = doorsOf(core);
  /** @type {Record<string, Map<string, number>>} */
  const checkers = {};
  for (const [kind, { of }] of Object.entries(doors)) if (of !== undefined) checkers[kind] = checkers[of] ??= new Map();

  /**
   * An exception that flew through Wasm would leave it in any state: what the caller's `get` throws is kept until the call is over.
   *
   * @param {string} name
   */
  function read(name) {
    let value;
    try {
      value = headers.get(name);
      if (value === null || value === undefined) return ABSENT;
      if (typeof value !== 'string') throw new TypeError('a header is no text');
    } catch (cause) {
      thrown ??= { cause };
      return ABSENT;
    }
    // Not in there: a trap is the instance's, and has to reach who called it.
    return write(line(value));
  }

  function readAll() {
    let all = '';
    try {
      for (const [name, value] of headers) all += `${name}:${line(value)}\n`;
    } catch (cause) {
      thrown ??= { cause };
      return 0;
    }
    return write(all);
  }

  /**
   * A call that may ask for a request's headers. What the caller's `get` does may be such a call too, about another request.
   *
   * @param {HeaderGetter | undefined} its
   * @param {() => number} call
   * @returns {Step} what it came to
   */
  function step(its, call) {
    const [before, threw] = [enter(its), thrown];
    thrown = undefined;
    try {
      return heard(stepOf(call()));
    } finally {
      headers = before;
      thrown = threw;
    }
  }

  /** @param {HeaderGetter | undefined} its */
  function enter(its) {
    const before = headers;
    if (its !== undefined) {
      headers = its;
      headerNames ??= namesOfHeaders();
    }
    return before;
  }

  /**
   * A step that went by headers which could not be read counts for nothing.
   *
   * @param {Step} step
   */
  function heard(step) {
    if (thrown === undefined) return step;
    if (step.kind > DONE && step.kind !== KNOWN) core.give_up(step.run);
    throw refused('invalid-argument', 'argument `request` has headers that cannot be read, expected texts', thrown);
  }

  /** @param {number} code */
  function stepOf(code) {
    const kind = code & 7;
    return { kind, run: code >>> 3, text: kind === SIGNATURE || kind === KNOWN ? '' : text() };
  }

  function namesOfHeaders() {
    core.header_names();
    return text().split(',');
  }

  /**
   * What a kind of check needs, made of its options.
   *
   * @param {string} kind
   * @param {string} options as JSON
   */
  function checkerFor(kind, options) {
    const kept = (checkers[kind] ??= new Map());
    const known = kept.get(options);
    if (known !== undefined) return known;
    const { make, free, refusal, isKept } = doors[kind];
    const made = make(write(options));
    if (made === 0) throw refusal ? refusal(text()) : refused('invalid-options', text());
    if (kept.size >= KEPT_CHECKERS) {
      for (const [oldest, handle] of kept) {
        if (isKept?.(oldest)) continue;
        kept.delete(oldest);
        free(handle);
        break;
      }
    }
    kept.set(options, made);
    return made;
  }

  /**
   * Begins a check.
   *
   * @param {string} kind
   * @param {string} options as JSON
   * @param {readonly string[]} subject
   * @param {HeaderGetter} [its] headers, where it is about a request
   */
  function begin(kind, options, subject, its) {
    const checker = checkerFor(kind, options);
    // As `step` does it, without a function made for each request.
    const before = enter(its);
    const threw = thrown;
    thrown = undefined;
    try {
      return heard(stepOf(doors[kind].begin(checker, writeLines(subject), Date.now())));
    } finally {
      headers = before;
      thrown = threw;
    }
  }

  /** What is known of its decisions, where it makes any. @type {{ parts?: import('./said.js').Parts }} */
  const known = {};
  return { core, text, writeAny, step, checkerFor, begin, signatures: signaturesOf(core, texts), known };
}
