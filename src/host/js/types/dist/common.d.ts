// What all Wasm modules export, as `src/host/js/mod.rs` has it: what the package's own code is checked against before anything is built.

export function wasm_memory(): WebAssembly.Memory;
export function scratch(bytes: number): number;
export function text_place(): number;

export function __wbg_reset_state(): void;
export function initSync(module: { module: BufferSource | WebAssembly.Module }): unknown;
