// Next compiles a module outside of the realm that this runs in, where it is no `instanceof` anything.

/** @param {WebAssembly.Module} module */
export function compiled(module) {
  if (!(module instanceof WebAssembly.Module)) Object.setPrototypeOf(module, WebAssembly.Module.prototype);
  return module;
}
