//! Why a delivery is not believed.

use thiserror::Error;

use crate::reason;

/// Why a delivery is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// Neither family of header fields is there in full.
    #[error("webhook headers are missing, expected `svix-id`, `svix-timestamp` and `svix-signature`, or `webhook-…`")]
    HeadersMissing,
    /// A header field cannot be read.
    #[error("webhook header `{what}` cannot be read")]
    HeadersInvalid {
        /// `id`, `timestamp` or `signature`.
        what: &'static str,
    },
    /// Signed too long ago: perhaps somebody plays it back.
    #[error("webhook timestamp is {timestamp_secs}, too old at {now_secs}")]
    TooOld {
        /// When it was signed, in seconds since 1970.
        timestamp_secs: i64,
        /// Now, in seconds since 1970.
        now_secs: i64,
    },
    /// Signed in the future.
    #[error("webhook timestamp is {timestamp_secs}, too new at {now_secs}")]
    TooNew {
        /// When it was signed, in seconds since 1970.
        timestamp_secs: i64,
        /// Now, in seconds since 1970.
        now_secs: i64,
    },
    /// No signature is good under any of the secrets.
    #[error("webhook signature does not fit the body under any of the secrets")]
    Signature,
    /// More than [`limits::WEBHOOK_BODY_BYTES`](crate::limits::WEBHOOK_BODY_BYTES).
    #[error("webhook body is too large, expected at most {} bytes", crate::limits::WEBHOOK_BODY_BYTES)]
    BodyTooLarge,
    /// Signed, but not an event.
    #[error("webhook body is not a JSON object with a `type`")]
    BodyInvalid,
}

impl WebhookError {
    /// The machine-readable name, kebab-case.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::HeadersMissing => reason::WEBHOOK_HEADERS_MISSING,
            Self::HeadersInvalid { .. } => reason::WEBHOOK_HEADERS_INVALID,
            Self::TooOld { .. } => reason::WEBHOOK_TIMESTAMP_TOO_OLD,
            Self::TooNew { .. } => reason::WEBHOOK_TIMESTAMP_TOO_NEW,
            Self::Signature => reason::WEBHOOK_SIGNATURE_INVALID,
            Self::BodyTooLarge => reason::WEBHOOK_BODY_TOO_LARGE,
            Self::BodyInvalid => reason::WEBHOOK_BODY_INVALID,
        }
    }

    /// What to answer the sender.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::BodyTooLarge => 413,
            Self::HeadersMissing
            | Self::HeadersInvalid { .. }
            | Self::TooOld { .. }
            | Self::TooNew { .. }
            | Self::Signature
            | Self::BodyInvalid => 400,
        }
    }
}
