// What instances of all Wasm modules export, as `src/host/js/mod.rs` has it: what the package's own code is checked against before anything is built.

export const memory: WebAssembly.Memory;
export function scratch(bytes: number): number;
export function text_place(): number;
