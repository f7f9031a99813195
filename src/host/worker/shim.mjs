// The Worker's entry: hands each request to the Rust gate, and stays on its feet when the gate panics.
//
// The Wasm is built to abort on a panic: a trapped instance may hold broken state, and the promises that it owed are never
// settled. So a panic, wherever it happens, ends the whole instance at once. Every request to which that instance still owed
// an answer gets a 500 and is not forwarded, what it had started is cut off, and a fresh instance takes the next request. The
// keys and tokens that it kept in memory go with it.
//
// `tools/build.mjs` makes `dist/worker/index.js` of it.

import module from './portcullis_bg.wasm';
import * as gate from './portcullis.js';
// The same that the gate imports; the build writes where that is.
import { endAll, serve } from './tasks.mjs';

// A request begins in a microtask. The platform's own queueMicrotask costs 3 µs a call; a promise that has long settled does the
// same for next to nothing.
const settled = Promise.resolve();
globalThis.queueMicrotask = (task) => {
  const before = lost;
  settled.then(() => guarded(task, before));
};

/** True while there is no instance that may be trusted. */
let broken = false;
/** How many instances were given up. */
let lost = 0;

serve(gate, replaceInstance);
gate.initSync({ module });
watchForTraps();

export default {
  /**
   * @param {Request} request
   * @param {object} env
   * @param {object} ctx
   * @returns {Promise<Response>}
   */
  async fetch(request, env, ctx) {
    try {
      if (broken) replaceInstance();
      return await answer(request, env, ctx);
    } catch (error) {
      if (isTrap(error)) replaceInstance();
      console.error(`portcullis: no decision could be made, the answer is 500: ${error}`);
      return failClosed();
    }
  },
};

/**
 * Returns the gate's response; rejects when its instance is given up first.
 *
 * @param {Request} request
 * @param {object} env
 * @param {object} ctx
 * @returns {Promise<Response>}
 */
async function answer(request, env, ctx) {
  const before = lost;
  const answering = gate.fetch(request, env, ctx);
  // Its first step is taken in a microtask, and where that fails the promise is never settled. From then on it is the task's own, which is
  // rejected where the instance is given up.
  await settled;
  if (lost !== before) throw new Error('the gate failed while the request was in flight');
  return answering;
}

/**
 * Does what was left for a microtask. Whatever is thrown there has cut the instance off in the middle of something.
 *
 * @param {() => void} task
 * @param {number} before how many instances were given up when it was left
 */
function guarded(task, before) {
  try {
    task();
  } catch (error) {
    console.error(`portcullis: a step of the gate failed: ${error}`);
    if (lost === before) replaceInstance();
  }
}

/**
 * Learns of every trap, also of those in a microtask or a background task, where no caller is left to catch it.
 *
 * Rust's panic hook, as the `worker` crate installs it, sets `criticalError` just before the trap. Acting right there leaves no
 * moment in which the broken instance could go on. A trap without a panic (memory, stack) reaches the global events.
 */
function watchForTraps() {
  Object.defineProperty(globalThis.__worker_init_state, 'criticalError', {
    get: () => broken,
    set: (critical) => {
      if (critical) replaceInstance();
    },
  });
  addEventListener('error', (event) => {
    if (isTrap(event.error)) replaceInstance();
  });
  addEventListener('unhandledrejection', (event) => {
    if (isTrap(event.reason)) replaceInstance();
  });
}

/** Gives up on every request in flight, and puts a fresh instance in place; on failure the next request tries again. */
function replaceInstance() {
  broken = true;
  lost += 1;
  endAll();
  try {
    // From here on the old instance's callbacks throw instead of running.
    gate.__wbg_reset_state();
    broken = false;
  } catch (error) {
    console.error(`portcullis: no fresh instance after a panic: ${error}`);
  }
}

/**
 * True for what a dying Wasm instance throws: a trap, or the engine's stack limit.
 *
 * @param {unknown} error
 */
function isTrap(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** Denies without a detail: what went wrong is for the log. */
function failClosed() {
  const problem = { type: 'about:blank', title: 'Internal Server Error', status: 500, reason: 'internal-error' };
  return new Response(JSON.stringify(problem), {
    status: 500,
    headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', Vary: 'Cookie, Authorization' },
  });
}
