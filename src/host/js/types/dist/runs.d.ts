// What modules export that wait for JavaScript, as `src/host/js/run.rs` has it.

export function header_names(): void;
export function signature_place(): number;
export function signature_key(run: number): void;
export function resume(run: number, kind: number, outcome: number, bytes: number, now: number): number;
export function give_up(run: number): void;
export function has(bytes: number): number;
