// Choices that a seed decides: the same seed, the same cases.

/** @param {number} seed */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const random = {
    /** True as often as `share` says, 0 to 1. @param {number} share */
    chance: (share) => next() < share,
    /** @param {number} below */
    below: (below) => Math.floor(next() * below),
    /** One of a list; functions are called. @template T @param {readonly T[]} list @returns {any} */
    pick: (list) => {
      const one = list[random.below(list.length)];
      return typeof one === 'function' ? one() : one;
    },
    /** Some of a list, each with an even chance. @template T @param {readonly T[]} list */
    some: (list) => list.filter(() => next() < 0.5),
  };
  return random;
}

/** @typedef {ReturnType<typeof randomFrom>} Random */
