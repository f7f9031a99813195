// Why: every word that a program can switch on.

/** Why somebody is not signed in, or why a handshake is due. Clerk's names, but for the last one. */
export type Reason =
  | 'active-organization-mismatch'
  | 'client-uat-but-no-session-token'
  | 'dev-browser-missing'
  | 'dev-browser-sync'
  | 'primary-domain-cross-origin-sync'
  | 'primary-responds-to-syncing'
  | 'satellite-needs-syncing'
  | 'session-token-and-uat-missing'
  | `session-token-expired-refresh-${string}`
  | 'session-token-iat-before-client-uat'
  | 'session-token-iat-in-the-future'
  | 'session-token-missing'
  | 'session-token-nbf'
  | 'session-token-but-no-client-uat'
  | 'token-type-mismatch'
  | 'unexpected-error'
  | 'No token in header'
  | TokenReason;

/** Why a token was rejected. */
export type TokenReason =
  | 'token-expired'
  | 'token-invalid'
  | 'token-invalid-algorithm'
  | 'token-invalid-authorized-parties'
  | 'token-invalid-issuer'
  | 'token-invalid-signature'
  | 'token-not-active-yet'
  | 'token-iat-in-the-future'
  | 'token-verification-failed'
  | 'secret-key-invalid'
  | 'jwk-remote-failed-to-load'
  | 'jwk-failed-to-resolve'
  | 'jwk-kid-mismatch'
  /** A gate's, where the configuration has an `issuer` and no Clerk instance. */
  | 'token-missing'
  | 'unexpected-error';

/** Why a path could not be judged. */
export type AmbiguityReason =
  | 'url-too-long'
  | 'control-byte'
  | 'not-http'
  | 'bad-authority'
  | 'encoded-nul'
  | 'path-too-long'
  | 'too-many-readings';

/** What a rule with `fresh` finds: what the token says is no longer so, or nobody can tell. */
export type FreshnessReason =
  | 'session-ended'
  | 'user-deleted'
  | 'user-banned'
  | 'user-metadata-changed'
  | 'membership-ended'
  | 'organization-role-changed'
  | 'freshness-unknown';

/** Why a decision is what it is: the gate's own words, Clerk's reasons beside them. */
export type DecisionReason =
  /** Forwarded: the path is public. */
  | 'public'
  /** Forwarded: all that is asked is there. */
  | 'allowed'
  | 'requirement-not-met'
  /** An unsafe request that a page of another site makes. */
  | 'cross-site-request'
  | 'method-refused'
  | 'signed-out'
  /** The browser was sent round in circles; the page says why. */
  | 'loop'
  | 'loop-clock-skew'
  | 'loop-two-instances'
  | 'loop-cookie-blocked'
  | 'loop-cookie-too-large'
  | 'loop-satellite-mismatch'
  | 'cannot-tell'
  | 'handshake-resolved'
  | 'development-settings'
  | 'shadow'
  | 'ready'
  | 'not-ready'
  | 'key-set'
  | 'assertion-not-signed'
  | 'rate-limited'
  | 'frontend-api'
  | 'proxy-path-ambiguous'
  | 'no-such-endpoint'
  /** The Wasm instance failed, and nothing was decided. */
  | 'internal-error'
  | AmbiguityReason
  | FreshnessReason
  | Reason;

/** Why a delivery was rejected. */
export type WebhookReason =
  | 'webhook-headers-missing'
  | 'webhook-headers-invalid'
  /** Signed more than five minutes ago. */
  | 'webhook-timestamp-too-old'
  /** Signed more than five minutes from now. */
  | 'webhook-timestamp-too-new'
  | 'webhook-signature-invalid'
  /** More than 1 MB: answer 413. */
  | 'webhook-body-too-large'
  /** Signed, but not an event. */
  | 'webhook-body-invalid';
