// What modules export that wait for JavaScript, as `src/host/js/run.rs` has it.

/** A request's headers: each call writes into the buffer, and says how many bytes. */
export interface HeaderReader {
  read(index: number): number;
  readNamed(): number;
  readAll(): number;
}

export function header_names(): void;
export function signature_place(): number;
export function signature_key(run: number): void;
export function resume(run: number, kind: number, outcome: number, bytes: number, now: number): number;
export function give_up(run: number): void;
export function has(bytes: number): boolean;
