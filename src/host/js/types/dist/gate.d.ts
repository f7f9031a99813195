// The exports of the module for `createGate`, `createRouteMatcher` and `explain`, as `src/host/js` has them.

export * from './common.js';
export * from './runs.js';

export function make_gate(bytes: number): number;
export function free_gate(handle: number): void;
export function begin_gate(handle: number, bytes: number, now: number): number;
export function begin_may_show(handle: number, bytes: number, now: number): number;
export function begin_explanation(handle: number, bytes: number, now: number): number;
export function make_matcher(bytes: number): number;
export function free_matcher(handle: number): void;
export function match_readings(handle: number, bytes: number): number;
export function header_kind(bytes: number): number;
export function private_headers(bytes: number): void;
export function identity_names(): void;
export function nobody(): void;
export function origin_unreachable(): void;
export function know_parts(path: number, token: number): void;
