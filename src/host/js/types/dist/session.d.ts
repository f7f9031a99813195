// The exports of the module for `authenticateRequest` and `verifyToken`, as `src/host/js` has them.

export * from './common.js';
export * from './runs.js';

export function make_authenticator(bytes: number): number;
export function make_verifier(bytes: number): number;
export function free_authenticator(handle: number): void;
export function free_verifier(handle: number): void;
export function begin_request(handle: number, bytes: number, now: number): number;
export function begin_token(handle: number, bytes: number, now: number): number;
