// One Wasm module and the loop around it: it hands in a request or a token, does what the core needs, and hands the answers back.
// Nothing is decided here.
//
// The first call compiles the module. All calls into it are synchronous and guarded: whatever they throw, the instance is
// replaced, every check that it had not finished rejects, and the next one finds a fresh instance.

import { PortcullisError } from './errors.js';
import { headerReaderFor } from './header-reader.js';
import { callBackend } from './io.js';
import { signaturesOf } from './signatures.js';
import { textsOf } from './texts.js';

/** Checkers that are kept, by their options. A program has one or two. */
const KEPT_CHECKERS = 16;

/** What the lowest bits of a step say. */
const DONE = 1;
const SIGNATURE = 2;
const BACKEND = 3;
const SIGNING = 5;

/** The outcome of what could not be had. */
const FAILED = -1;

/** @typedef {(handle: number, bytes: number, now: number, headers?: any) => number} Begin with headers, where it is about a request */
/** @typedef {{ make: (bytes: number) => number, free: (handle: number) => void, begin: Begin }} Door what is made from options, and how it is asked */

/** @typedef {{ ok: boolean, text: string }} Checked */

/**
 * @typedef {object} Step
 * @property {number} kind
 * @property {number} run
 * @property {string} text
 */

/** @typedef {{ outcome: number, data?: string | Uint8Array }} Satisfied what came of a step, as `resume` takes it */

/**
 * @template {typeof import('./dist/common.js') & typeof import('./dist/runs.js')} Wasm
 * @param {Wasm} wasm the bindings of a module
 * @param {Record<string, Door>} kinds its doors
 */
export function loopAround(wasm, kinds) {
  /** Counts the instances: what belongs to an earlier one must not touch this one. */
  let generation = 0;
  /** True while there is no instance that may be trusted; at first there is none. */
  let broken = true;
  /** Whether the module was compiled. */
  let isLoaded = false;
  /** Gives the module. @type {() => BufferSource | WebAssembly.Module} */
  let source = () => {
    throw notLoaded();
  };
  /** Fetches it, where it cannot be had at once. @type {(() => Promise<BufferSource | WebAssembly.Module>) | undefined} */
  let fetchSource;
  /** @type {Promise<void> | undefined} */
  let loading;
  const texts = textsOf(wasm);
  const { text, write, writeAny } = texts;
  const HeaderReader = headerReaderFor(wasm, texts);
  const signatures = signaturesOf(wasm, texts, guarded);
  /** @type {Record<string, Map<string, number>>} */
  let checkers = noCheckers();

  /**
   * Runs one check to its end; at once, where it needs nothing of the host.
   *
   * @param {string} kind
   * @param {string} options as JSON
   * @param {string} subject the request, as `describeRequest` has it, or the token
   * @param {import('./header-reader.js').HeaderGetter} [headers] the request's
   * @returns {Checked | Promise<Checked>}
   */
  function check(kind, options, subject, headers) {
    if (fetchSource !== undefined) return ready().then(() => check(kind, options, subject, headers));
    if (broken) replaceInstance();
    const step = guarded(generation, () => {
      const checker = checkerFor(kind, options);
      return taken(kinds[kind].begin(checker, write(subject), Date.now(), headers && new HeaderReader(headers)));
    });
    return step.run === 0 ? { ok: step.kind === DONE, text: step.text } : finish(generation, step);
  }

  /**
   * Does what a run needs, until it needs no more.
   *
   * @param {number} mine
   * @param {Step} step
   * @returns {Promise<Checked>}
   */
  async function finish(mine, step) {
    try {
      while (step.kind > DONE) {
        const { run, kind } = step;
        /** @type {Satisfied} */
        let satisfied;
        try {
          // What nearly every new token needs, and the only thing it needs.
          satisfied = kind === SIGNATURE ? { outcome: (await signatures.verify(mine, run)) ? 1 : 0 } : await satisfy(step);
        } catch (error) {
          satisfied = { outcome: FAILED, data: describe(error) };
        }
        const { outcome, data } = satisfied;
        step = guarded(mine, () => taken(wasm.resume(run, kind, outcome, writeAny(data), Date.now())));
      }
      return { ok: step.kind === DONE, text: step.text };
    } finally {
      // A wait that ended in an exception: whoever waits for what this run was fetching goes on.
      const { run } = step;
      if (run !== 0 && mine === generation && !broken) guarded(mine, () => wasm.give_up(run));
    }
  }

  /**
   * The step that a call returned, with the text that belongs to it.
   *
   * @param {number} code
   * @returns {Step}
   */
  function taken(code) {
    const kind = code & 7;
    return { kind, run: code >>> 3, text: kind === SIGNATURE ? '' : text() };
  }

  /**
   * Does what a step needs that is no signature check.
   *
   * @param {Step} step
   * @returns {Promise<Satisfied>}
   */
  async function satisfy({ kind, text }) {
    switch (kind) {
      case BACKEND: {
        const { status, body } = await callBackend(JSON.parse(text));
        return { outcome: status, data: body };
      }
      case SIGNING: {
        const [id, jwk, input] = JSON.parse(text);
        return { outcome: 0, data: await signatures.sign(id, jwk, input) };
      }
      default:
        await new Promise((resolve) => setTimeout(resolve, Number(text)));
        return { outcome: 0 };
    }
  }

  /**
   * `has()` of an auth object.
   *
   * @param {object} facts
   * @param {unknown} asked
   */
  function meets(facts, asked) {
    return ask((core) => core.has(write(`${JSON.stringify(facts)}\n${JSON.stringify(asked) ?? 'null'}`)));
  }

  /**
   * @param {string} kind
   * @param {string} options
   */
  function checkerFor(kind, options) {
    const kept = checkers[kind];
    const known = kept.get(options);
    if (known !== undefined) return known;
    const { make, free } = kinds[kind];
    const made = make(write(options));
    if (made === 0) throw refusal(kind, text());
    if (kept.size >= KEPT_CHECKERS) {
      const [oldest, handle] = /** @type {[string, number]} */ (kept.entries().next().value);
      kept.delete(oldest);
      free(handle);
    }
    kept.set(options, made);
    return made;
  }

  /**
   * Makes what a kind of check needs, before the first one is made.
   *
   * @param {string} kind
   * @param {string} options
   */
  function prepare(kind, options) {
    if (broken) replaceInstance();
    guarded(generation, () => checkerFor(kind, options));
  }

  /**
   * One synchronous question to what is made of options.
   *
   * @param {string} kind
   * @param {string} options
   * @param {string} subject
   */
  function checkNow(kind, options, subject) {
    if (broken) replaceInstance();
    return guarded(generation, () => taken(kinds[kind].begin(checkerFor(kind, options), write(subject), Date.now())));
  }

  /**
   * Asks the core something that needs nothing of the host.
   *
   * @template T
   * @param {(core: Wasm, write: (subject: string | Uint8Array) => number, text: () => string) => T} call with what writes into the buffer, and
   *   what reads what a call has to say
   * @param {number} [mine] the instance that has to be asked, where the question is about something of its own
   * @returns {T}
   */
  function ask(call, mine) {
    if (broken) replaceInstance();
    return guarded(mine ?? generation, () => call(wasm, writeAny, text));
  }

  /** The instance that is asked now. */
  function instance() {
    if (broken) replaceInstance();
    return generation;
  }

  /**
   * Calls into Wasm. What is thrown there leaves an instance that may be in any state: it is replaced.
   *
   * @template T
   * @param {number} mine
   * @param {() => T} call
   * @returns {T}
   */
  function guarded(mine, call) {
    if (mine !== generation) {
      throw new PortcullisError('internal-error', 'internal-error', 'the check was lost with its Wasm instance; nothing was decided');
    }
    try {
      return call();
    } catch (error) {
      if (error instanceof PortcullisError) throw error;
      replaceInstance();
      throw new PortcullisError('internal-error', 'internal-error', 'the Wasm instance failed; nothing was decided', { cause: error });
    }
  }

  /** Compiles the module. */
  function load() {
    wasm.initSync({ module: source() });
    isLoaded = true;
  }

  /**
   * Says where the module is. Nothing is read before it is needed.
   *
   * @param {() => BufferSource | WebAssembly.Module} now
   */
  function use(now) {
    source = now;
  }

  /**
   * Says how the module is fetched, on hosts that cannot read a file.
   *
   * @param {() => Promise<BufferSource | WebAssembly.Module>} later
   */
  function useLater(later) {
    fetchSource = later;
  }

  /** Resolves when the module can be called. @returns {Promise<void>} */
  async function ready() {
    if (fetchSource === undefined) return;
    loading ??= fetchSource().then((module) => {
      use(() => module);
      fetchSource = undefined;
    });
    try {
      await loading;
    } catch (cause) {
      loading = undefined;
      throw new PortcullisError('internal-error', 'internal-error', 'the Wasm module could not be fetched; nothing was decided', { cause });
    }
  }

  function noCheckers() {
    return Object.fromEntries(Object.keys(kinds).map((kind) => [kind, new Map()]));
  }

  /** Puts a fresh instance in place; where that fails, the next call tries again. */
  function replaceInstance() {
    broken = true;
    generation += 1;
    texts.forget();
    signatures.forget();
    checkers = noCheckers();
    try {
      if (isLoaded) wasm.__wbg_reset_state();
      else load();
    } catch (cause) {
      if (cause instanceof PortcullisError) throw cause;
      throw new PortcullisError('internal-error', 'internal-error', 'no fresh Wasm instance could be made; nothing was decided', { cause });
    }
    broken = false;
  }

  return { use, useLater, ready, check, checkNow, prepare, ask, instance, meets };
}

/**
 * What is wrong with options or a configuration.
 *
 * @param {string} kind
 * @param {string} text a message; for a gate a list of them
 */
function refusal(kind, text) {
  if (kind !== 'gate' && kind !== 'explanation') return new PortcullisError('invalid-options', 'invalid-options', text);
  const errors = /** @type {{ setting: string, message: string }[]} */ (JSON.parse(text));
  const message = `${errors.length === 1 ? 'the configuration has a mistake' : `the configuration has ${errors.length} mistakes`}:`;
  const error = new PortcullisError('invalid-options', 'invalid-options', [message, ...errors.map((one) => one.message)].join('\n'));
  error.errors = errors;
  return error;
}

function notLoaded() {
  return new PortcullisError('internal-error', 'not-loaded', 'the Wasm module is not loaded yet; await an asynchronous function of the package first');
}

/** @param {unknown} error */
function describe(error) {
  return error instanceof Error ? error.message : String(error);
}
