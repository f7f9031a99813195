// What the functions reject with.

import type { AmbiguityReason, TokenReason, WebhookReason } from './reasons.js';

/** What kind of failure a {@link PortcullisError} is. */
export type ErrorCode =
  /** The token is not good, or nobody can tell; `reason` says why. */
  | 'token-rejected'
  /** The delivery is not good; `reason` says why, `statusCode` what to answer. */
  | 'webhook-rejected'
  /** Options or a configuration cannot be used; the message says which and why. */
  | 'invalid-options'
  /** Options and request do not go together. */
  | 'invalid-request'
  /** An argument of another kind than the function takes; the message names it. */
  | 'invalid-argument'
  /** Asked for something that this package does not do. */
  | 'not-supported'
  /** A mistake in this package. Nothing was decided; the next call starts afresh. */
  | 'internal-error';

/** What every function rejects with. Switch on `code` and `reason`: `instanceof` fails across bundles. */
export class PortcullisError extends Error {
  readonly name: 'PortcullisError';
  readonly code: ErrorCode;
  readonly reason: TokenReason | WebhookReason | AmbiguityReason | 'ambiguous-path' | Exclude<ErrorCode, 'token-rejected' | 'webhook-rejected' | 'invalid-request'>;
  /** Everything that is wrong with a configuration, each with the name of the setting. Of `createGate` and `explain` only. */
  readonly errors: readonly SettingError[] | undefined;
  /** What to answer where the request is at fault and nothing else: a path that cannot be matched, a delivery that is not good. */
  readonly statusCode: 400 | 413 | undefined;
}

/** One mistake in a configuration. */
export interface SettingError {
  /** Where, as `rules[0].require.role`. */
  readonly setting: string;
  /** What was found there and what was expected. Shows no secret. */
  readonly message: string;
}
