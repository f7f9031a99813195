// What both Wasm modules export, as `src/host/js/mod.rs` has it: what the package's own code is checked against before anything is built.

/** A request's headers: each call writes into the buffer, and says how many bytes. */
export interface HeaderReader {
  read(index: number): number;
  readNamed(name: string): number;
  readAll(): number;
}

export function wasm_memory(): WebAssembly.Memory;
export function scratch(bytes: number): number;
export function take_text(): string;
export function header_names(): string;
export function signature_place(): number;
export function signature_key(run: number): string;
export function resume_signature(run: number, outcome: number, bytes: number, now: number): number;
export function resume_signed(run: number, isSigned: boolean, bytes: number, now: number): number;
export function resume_backend(run: number, status: number, bytes: number, now: number): number;
export function resume_outage(run: number, bytes: number, now: number): number;
export function resume_waited(run: number, now: number): number;
export function give_up(run: number): void;
export function has(facts: string, asked: string): boolean;

export function __wbg_reset_state(): void;
export function initSync(module: { module: BufferSource | WebAssembly.Module }): unknown;
