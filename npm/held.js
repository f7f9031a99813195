// What Wasm's memory holds for somebody who waits for something outside. Mostly the wait ends, and with it what was held. But where a client leaves,
// workerd cancels its request, and nothing that it waited for ever settles: then the function that waits is garbage, and only the collector
// tells.

/** @type {FinalizationRegistry<() => void> | undefined} */
const dropped = typeof FinalizationRegistry === 'function' ? new FinalizationRegistry((giveUp) => giveUp()) : undefined;

/**
 * Waits for a promise. Where nobody can wait for it any more, `giveUp` is called; it must not lead to who waits.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {() => void} giveUp
 * @returns {Promise<T>}
 */
export async function whileHeld(promise, giveUp) {
  const waiting = {};
  dropped?.register(waiting, giveUp, waiting);
  try {
    return await promise;
  } finally {
    // By this it is in reach for as long as the function is.
    dropped?.unregister(waiting);
  }
}
