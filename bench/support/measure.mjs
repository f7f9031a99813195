// CPU time of a process, read from outside, and how it is compared: entries take turns in every round, in rotating order, and what
// counts is the median over the rounds. Times of a shared machine say little; ratios within a round hold.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {number} pid whose CPU time counts
 * @property {number} count operations of one call
 * @property {() => Promise<unknown>} run the call that is measured
 * @property {() => Promise<unknown>} [before] what has to happen just before it, unmeasured
 * @property {boolean} [isSimple] whether it hardly runs code of its own, and is warm at once
 */

/** CPU time of every thread of a process, in microseconds. @param {number} pid */
export async function cpuMicroseconds(pid) {
  const tasks = `/proc/${pid}/task`;
  let total = 0;
  for (const task of await readdir(tasks)) {
    const stat = await readFile(join(tasks, task, 'schedstat'), 'utf8').catch(() => '0');
    total += Number(stat.split(' ')[0]);
  }
  return total / 1000;
}

/** Resident memory of a process, in megabytes. @param {number} pid */
export async function residentMegabytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1e6;
}

/** @param {number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/**
 * Warms every entry up and measures it in turns. V8 takes a second or two until it runs code as fast as it can: of CPU time, since
 * on a busy machine a second of the clock may be none.
 *
 * @param {Entry[]} entries
 * @param {{ rounds: number, warmUpMs: number }} options
 */
export async function measureInTurns(entries, { rounds, warmUpMs }) {
  for (const { pid, run, isSimple } of entries) {
    const end = (await cpuMicroseconds(pid)) + warmUpMs * (isSimple ? 100 : 1000);
    do await run();
    while ((await cpuMicroseconds(pid)) < end);
  }
  /** @type {Record<string, number>[]} */
  const measured = [];
  for (let round = 0; round < rounds; round += 1) {
    /** @type {Record<string, number>} */
    const costs = {};
    const first = round % entries.length;
    for (const { name, pid, count, run, before } of [...entries.slice(first), ...entries.slice(0, first)]) {
      await before?.();
      const start = await cpuMicroseconds(pid);
      await run();
      costs[name] = (await cpuMicroseconds(pid) - start) / count;
    }
    measured.push(costs);
  }
  return new Rounds(measured);
}

/** What was measured, and how it is read. */
export class Rounds {
  /** @param {Record<string, number>[]} rounds microseconds an operation, by entry */
  constructor(rounds) {
    this.rounds = rounds;
  }

  /** What an entry costs above another one. @param {string} name @param {string} base */
  cost(name, base) {
    return median(this.rounds.map((round) => round[name] - round[base]));
  }

  /**
   * How many times as much an entry costs as another one, each above its own base.
   *
   * @param {[name: string, base: string]} entry
   * @param {[name: string, base: string]} other
   */
  ratio([name, base], [other, otherBase]) {
    return median(this.rounds.map((round) => (round[name] - round[base]) / (round[other] - round[otherBase])));
  }
}
