// A million distinct tokens, good and bad, through one isolate of each: what memory is left afterwards.
//
//   node bench/flood.mjs [--tokens N]
//
// Every tenth token is signed by the instance and good; the others are bad in the ways that bad tokens are. Goes to this machine only,
// and ends by itself.

import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { runAsScript } from '../tools/run.mjs';
import { bundle } from './support/bundle.mjs';
import { startBench } from './support/bench-worker.mjs';
import { heapBytes } from './support/inspector.mjs';
import { makeInstance, sessionId } from './support/instance.mjs';
import { residentMegabytes } from './support/measure.mjs';

const TOKENS = 1_000_000;
const BATCH = 5_000;
/** Good tokens among ten. */
const GOOD = 1;

/** How a good token is made bad, in turns. Each answer is another token, given another `n`. */
const SPOILED = [
  /** A signature of another text. @param {string[]} parts @param {number} n */
  ([header, payload, signature], n) => [header, payload, stamp(signature, n)],
  /** Claims that nobody signed. @param {string[]} parts @param {number} n */
  ([header, payload, signature], n) => [header, reworked(payload, (claims) => ({ ...claims, sub: `user_${n}` })), signature],
  /** A key that the set has not. @param {string[]} parts @param {number} n */
  ([header, payload, signature], n) => [reworked(header, (fields) => ({ ...fields, kid: `ins_${n}` })), payload, signature],
  /** No algorithm. @param {string[]} parts @param {number} n */
  ([header, payload], n) => [reworked(header, (fields) => ({ ...fields, alg: 'none', n })), payload, ''],
  /** Claims that are no JSON. @param {string[]} parts @param {number} n */
  ([header, payload, signature], n) => [header, stamp(payload, n), signature],
  /** Claims four times as long. @param {string[]} parts @param {number} n */
  ([header, payload, signature], n) => [header, reworked(payload, (claims) => ({ ...claims, note: `${n}`.padEnd(2000, 'x') })), signature],
];

/** @param {{ tokens?: number, log?: (line: string) => void }} [options] */
export async function measureFlood({ tokens = TOKENS, log = () => {} } = {}) {
  const instance = await makeInstance();
  const dir = await bundle('bench/worker.mjs', { withWorker: true });
  const bench = await startBench({ dir, env: instance.env(), args: ['--inspector-addr=127.0.0.1:0'] });
  try {
    await bench.call('workerFetch', { tokens: [await instance.token(sessionId(0))] });
    const state = async () => ({ wasm: await bench.memory(), heap: await heapBytes(bench.inspectorPort()), resident: await residentMegabytes(bench.pid) });
    const before = await state();
    const sent = { good: 0, bad: 0 };
    let highestHeap = 0;
    for (let first = 0; first < tokens; first += BATCH) {
      const batch = await mixed(instance, first, Math.min(BATCH, tokens - first));
      for (const entry of ['workerFetch', 'packageDecide']) {
        const { ok, refused } = await bench.call(entry, { tokens: batch.tokens });
        if (ok !== batch.good) throw new Error(`${entry}: ${batch.good} good tokens and ${batch.tokens.length - batch.good} bad ones, but ${ok} let through and ${refused} refused`);
      }
      sent.good += batch.good;
      sent.bad += batch.tokens.length - batch.good;
      const now = await state();
      highestHeap = Math.max(highestHeap, now.heap);
      if (first % 100_000 === 0) log(`${sent.good + sent.bad} tokens: ${JSON.stringify(now)}`);
    }
    await bench.collect();
    return { ...sent, before, highestHeap, after: await state() };
  } finally {
    await bench.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Distinct tokens, every tenth one good.
 *
 * @param {import('./support/instance.mjs').Instance} instance
 * @param {number} first
 * @param {number} count
 */
async function mixed(instance, first, count) {
  const good = await Promise.all(Array.from({ length: Math.ceil((count * GOOD) / 10) }, (_, n) => instance.token(sessionId(first + n))));
  const bad = Array.from({ length: count - good.length }, (_, n) => {
    const parts = good[n % good.length].split('.');
    return SPOILED[n % SPOILED.length](parts, first + n).join('.');
  });
  return { tokens: [...bad, ...good], good: good.length };
}

/** The same text with a number in the middle of it. @param {string} text @param {number} n */
function stamp(text, n) {
  const digits = String(n).padStart(9, '0');
  const at = text.length >> 1;
  return text.slice(0, at) + digits + text.slice(at + digits.length);
}

/** @param {string} part @param {(value: any) => object} change */
function reworked(part, change) {
  return Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(part, 'base64url').toString())))).toString('base64url');
}

await runAsScript(import.meta.url, async () => {
  const { values } = parseArgs({ options: { tokens: { type: 'string', default: String(TOKENS) } } });
  console.log(await measureFlood({ tokens: Number(values.tokens), log: console.log }));
});
