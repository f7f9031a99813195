// A running `bench/worker.mjs`, and how it is asked.

import { startWorker } from '../../tests/support/workerd.mjs';

/** Bytes of one upload of tokens; workerd takes 100 MB, and JSON in one piece has to fit into the isolate. */
const TOKENS_PER_UPLOAD = 1000;

/** @typedef {Awaited<ReturnType<typeof startBench>>} Bench */

/**
 * @typedef {object} Asked
 * @property {string[]} [tokens] the tokens themselves; or
 * @property {number} [from] where in the ring of uploaded tokens
 * @property {number} [count] how many from there on
 * @property {number} [times] how often to go over them; default: once
 * @property {number} [cookies] other cookies than Clerk's; default: 1
 * @property {string} [path] the page that is asked for
 * @property {number} [inFlight] decisions at a time; default: 1
 */

/**
 * @param {{ dir: string, env: Record<string, any>, args?: string[] }} options
 */
export async function startBench({ dir, env, args }) {
  const worker = await startWorker({ env, dir, args, v8Flags: ['--expose-gc'] });
  /** @param {string} path @param {unknown} body @returns {Promise<any>} */
  const post = async (path, body) => {
    const send = () => fetch(`${worker.url}/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const response = await send().catch((error) => {
      // A kept connection that the server has closed meanwhile; a server that has ended is another matter.
      if (hasEnded(worker.pid)) throw new Error(`${path}: workerd has ended\n${worker.log()}`, { cause: error });
      return send();
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}\n${worker.log()}`);
    return response.json();
  };
  let uploaded = 0;
  return {
    ...worker,
    /** @param {string} entry @param {Asked} asked @returns {Promise<{ ok: number, refused: number }>} */
    call: post,
    /** Leaves tokens in the isolate, so that a measured call need not bring them. @param {string[]} tokens */
    upload: async (tokens) => {
      for (let at = 0; at < tokens.length; at += TOKENS_PER_UPLOAD) await post('upload', tokens.slice(at, at + TOKENS_PER_UPLOAD));
      uploaded += tokens.length;
    },
    /**
     * Takes tokens from the ring, never the same one twice before all the others were taken.
     *
     * @param {number} first where the ring begins
     */
    ring: (first = 0) => {
      let next = first;
      return (/** @type {number} */ count) => {
        if (next + count > uploaded) next = first;
        next += count;
        return { from: next - count, count };
      };
    },
    /** Has V8 collect all garbage, so that nobody pays for what was made before. */
    collect: () => post('collect', {}),
    /** Wasm memory of the Worker and of the package, in bytes. @returns {Promise<{ worker: number, package: number }>} */
    memory: () => post('memory', {}),
  };
}

/** @param {number} pid */
function hasEnded(pid) {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

/**
 * A peer that is fast because it checks nothing would be no peer.
 *
 * @param {Bench} bench
 * @param {string[]} entries
 * @param {string[]} good
 * @param {string} forged
 */
export async function refuseForged(bench, entries, good, forged) {
  for (const entry of entries) {
    const { refused } = await bench.call(entry, { tokens: good });
    if (refused !== 0) throw new Error(`${entry} refused ${refused} good tokens\n${bench.log()}`);
    const { ok } = await bench.call(entry, { tokens: [forged] });
    if (ok !== 0) throw new Error(`${entry} let a forged token through`);
  }
}
