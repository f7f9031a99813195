// `organizationSyncOptions`: patterns are a Wasm module of their own, loaded by the first call that has any.

/** @typedef {(path: string) => string | undefined} WantedBy what a path wants, as the module has it; `undefined` for nothing */
/** @typedef {() => Promise<typeof import('./organizations-core.js').core>} Load gives the module, as the host has it */

/**
 * Gets ready to tell what a path wants.
 *
 * @param {any} options `organizationSyncOptions`, truthy
 * @param {Load} load
 * @returns {Promise<WantedBy | undefined>} `undefined`: no path wants anything
 */
export async function organizationsOf(options, load) {
  if (!options.organizationPatterns && !options.personalAccountPatterns) return undefined;
  const core = await load();
  await core.ready();
  const patterns = JSON.stringify(options);
  core.prepare('organizations', patterns);
  return (path) => {
    const { kind, text } = core.checkNow('organizations', patterns, path);
    return kind === 0 ? undefined : text;
  };
}
