// One Wasm module and the loop around it: it hands in a request or a token, does what the core needs, and hands the answers back.
// Nothing is decided here.
//
// The first call compiles the module. All calls into it are synchronous and guarded: whatever they throw, the instance is
// given up, every check that it had not finished rejects, and the next one finds a fresh instance.

import { PortcullisError, refused } from './errors.js';
import { questionOf } from './has.js';
import { whileHeld } from './held.js';
import { KNOWN, SIGNATURE, instanceOf } from './instance.js';
import { callBackend } from './io.js';

/** What the lowest bits of a step say; see `instance.js` for the others. */
const FAILURE = 0;
const DONE = 1;
const BACKEND = 3;
const SIGNING = 5;

/** A run that the core has taken back. @type {Step} */
const TAKEN = { kind: FAILURE, run: 0, text: '' };

/** The outcome of what could not be had. */
const FAILED = -1;

/** @typedef {import('./instance.js').Instance} Instance */
/** @typedef {import('./instance.js').HeaderGetter} HeaderGetter */
/** @typedef {import('./instance.js').Step} Step */

/**
 * @typedef {object} Checked
 * @property {boolean} ok
 * @property {string} text
 * @property {number} [parts] instead of a text: what it consists of
 * @property {Instance} [by] the instance that said so, where it did so at once
 */
/** @typedef {{ outcome: number, data?: string | Uint8Array }} Satisfied what came of a step, as `resume` takes it */

/**
 * @template {typeof import('./dist/common.js') & typeof import('./dist/runs.js')} Exports
 * @param {(core: Exports) => Record<string, import('./instance.js').Door>} doorsOf what a module has for whom
 * @param {(text: string) => Promise<Uint8Array>} [sign] makes a signature, for a module that asks for one
 */
export function loopAround(doorsOf, sign) {
  /** Gives the module. @type {() => BufferSource | WebAssembly.Module} */
  let source = () => {
    throw new PortcullisError('internal-error', 'not-loaded', 'the Wasm module is not loaded yet; await an asynchronous function of the package first');
  };
  /** Fetches it, where it cannot be had at once. @type {(() => Promise<BufferSource | WebAssembly.Module>) | undefined} */
  let fetchSource;
  /** @type {Promise<void> | undefined} */
  let loading;
  /** @type {WebAssembly.Module | undefined} */
  let module;
  /** The instance that may be trusted, if there is one. @type {Instance | undefined} */
  let current;

  /**
   * Runs one check to its end; at once, where it needs nothing of the host.
   *
   * @param {string} kind
   * @param {string} options as JSON
   * @param {readonly string[]} subject the request, as `describeRequest` has it, or the token: a line each
   * @param {HeaderGetter} [headers] the request's
   * @returns {Checked | Promise<Checked>}
   */
  function check(kind, options, subject, headers) {
    if (fetchSource !== undefined) return ready().then(() => check(kind, options, subject, headers));
    const mine = instance();
    /** @type {Step} */
    let step;
    try {
      step = mine.begin(kind, options, subject, headers);
    } catch (cause) {
      throw givenUp(cause);
    }
    const isDone = step.kind <= DONE || step.kind === KNOWN;
    return isDone ? { ok: step.kind !== FAILURE, text: step.text, parts: step.run, by: mine } : finish(mine, step, headers);
  }

  /**
   * Does what a run needs, until it needs no more.
   *
   * @param {Instance} mine
   * @param {Step} step
   * @param {HeaderGetter | undefined} headers
   * @returns {Promise<Checked>}
   */
  async function finish(mine, step, headers) {
    const { core, signatures, writeAny } = mine;
    /** @type {import('./signatures.js').Guard} */
    const guard = (call) => guarded(mine, call);
    try {
      while (step.kind > DONE) {
        const { run, kind } = step;
        /** @type {Satisfied} */
        let satisfied;
        try {
          // What nearly every new token needs, and the only thing it needs.
          satisfied = kind === SIGNATURE ? { outcome: (await signatures.verify(run, guard)) ? 1 : 0 } : await whileHeld(satisfy(step), giverUp(mine, run));
        } catch (error) {
          satisfied = { outcome: FAILED, data: error instanceof Error ? error.message : String(error) };
        }
        const { outcome, data } = satisfied;
        // Until the core says what comes next there is nothing to give up.
        step = TAKEN;
        step = guard(() => mine.step(headers, () => core.resume(run, kind, outcome, writeAny(data), Date.now())));
      }
      return { ok: step.kind === DONE, text: step.text };
    } finally {
      // A wait that ended in an exception: whoever waits for what this run was fetching goes on.
      if (step.run !== 0) giverUp(mine, step.run)();
    }
  }

  /**
   * Gives up a run that nobody waits for any more.
   *
   * @param {Instance} mine
   * @param {number} run
   */
  function giverUp(mine, run) {
    return () => {
      if (mine === current) guarded(mine, () => mine.core.give_up(run));
    };
  }

  /**
   * Does what a step needs that is no signature check.
   *
   * @param {Step} step
   * @returns {Promise<Satisfied>}
   */
  async function satisfy({ kind, text }) {
    if (kind === BACKEND) {
      const { status, body } = await callBackend(JSON.parse(text));
      return { outcome: status, data: body };
    }
    if (kind === SIGNING && sign !== undefined) return { outcome: 0, data: await sign(text) };
    await new Promise((resolve) => setTimeout(resolve, Number(text)));
    return { outcome: 0 };
  }

  /**
   * `has()` of an auth object.
   *
   * @param {object} facts
   * @param {unknown} asked
   */
  function meets(facts, asked) {
    // Before the core is called: what the caller's own members throw is the caller's.
    const question = `${JSON.stringify(facts)}\n${questionOf(asked)}`;
    return ask(({ core, writeAny }) => core.has(writeAny(question)) !== 0);
  }

  /**
   * Asks the core something that needs nothing of the host.
   *
   * @template T
   * @param {(instance: Instance & { core: Exports }) => T} call
   * @param {Instance} [mine] the instance that has to be asked, where the question is about something of its own
   * @returns {T}
   */
  function ask(call, mine = instance()) {
    return guarded(mine, () => call(/** @type {Instance & { core: Exports }} */ (mine)));
  }

  /** The instance that is asked now; where there is none that may be trusted, a fresh one. Where none can be made, the next call tries again. */
  function instance() {
    if (current !== undefined) return current;
    try {
      module ??= compiled(source());
      return (current = instanceOf(module, doorsOf));
    } catch (cause) {
      if (cause instanceof PortcullisError) throw cause;
      throw failure('no fresh Wasm instance could be made', { cause });
    }
  }

  /**
   * Calls into Wasm. What is thrown there leaves an instance that may be in any state: it is given up.
   *
   * @template T
   * @param {Instance} mine
   * @param {() => T} call
   * @returns {T}
   */
  function guarded(mine, call) {
    if (mine !== current) throw failure('the check was lost with its Wasm instance');
    try {
      return call();
    } catch (cause) {
      throw givenUp(cause);
    }
  }

  /**
   * What is thrown to the caller for what was thrown in Wasm; that instance is trusted no more.
   *
   * @param {unknown} cause
   */
  function givenUp(cause) {
    if (cause instanceof PortcullisError) return cause;
    current = undefined;
    return failure('the Wasm instance failed', { cause });
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
      throw failure('the Wasm module could not be fetched', { cause });
    }
  }

  return { use, useLater, ready, check, ask, instance, meets };
}

/** @param {BufferSource | WebAssembly.Module} source */
function compiled(source) {
  return source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source);
}

/**
 * @param {string} what
 * @param {{ cause: unknown }} [options]
 */
function failure(what, options) {
  return refused('internal-error', `${what}; nothing was decided`, options);
}
