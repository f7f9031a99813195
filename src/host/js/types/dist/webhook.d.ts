// The exports of the module for `verifyWebhook`, as `src/host/js/webhook.rs` has them.

export * from './common.js';

export function webhook_header_names(): void;
export function begin_webhook(bytes: number, now: number): number;
export function end_webhook(handle: number, isSigned: boolean, bytes: number): number;
export function give_up_webhook(handle: number): void;
