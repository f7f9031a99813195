// The exports of the Wasm module, as `src/host/js` has them: what the package's own code is checked against before anything is built.

/** A request's headers: each call writes into the buffer, and says how many bytes. */
export interface HeaderReader {
  read(index: number): number;
  readAll(): number;
}

export function wasm_memory(): WebAssembly.Memory;
export function scratch(bytes: number): number;
export function take_text(): string;
export function header_names(): string;
export function make_authenticator(bytes: number): number;
export function make_verifier(bytes: number): number;
export function make_gate(bytes: number): number;
export function free_authenticator(handle: number): void;
export function free_verifier(handle: number): void;
export function free_gate(handle: number): void;
export function begin_request(handle: number, bytes: number, now: number, headers: HeaderReader): number;
export function begin_token(handle: number, bytes: number, now: number): number;
export function begin_gate(handle: number, bytes: number, now: number, headers: HeaderReader): number;
export function begin_explanation(handle: number, bytes: number, now: number, headers: HeaderReader): number;
export function make_matcher(bytes: number): number;
export function free_matcher(handle: number): void;
export function match_readings(handle: number, bytes: number): number;
export function webhook_header_names(): string;
export function begin_webhook(bytes: number, now: number): number;
export function end_webhook(handle: number, isSigned: boolean, bytes: number): number;
export function give_up_webhook(handle: number): void;
export function signature_place(): number;
export function signature_key(run: number): string;
export function resume_signature(run: number, outcome: number, bytes: number, now: number): number;
export function resume_signed(run: number, isSigned: boolean, bytes: number, now: number): number;
export function resume_backend(run: number, status: number, bytes: number, now: number): number;
export function resume_outage(run: number, bytes: number, now: number): number;
export function resume_waited(run: number, now: number): number;
export function give_up(run: number): void;
export function has(facts: string, asked: string): boolean;
export function header_kind(name: string): number;
export function private_headers(cacheControl?: string | null, vary?: string | null): string;
export function origin_unreachable(): string;

export function __wbg_reset_state(): void;
export function initSync(module: { module: BufferSource | WebAssembly.Module }): unknown;
export default function init(module: { module_or_path: URL }): Promise<unknown>;
