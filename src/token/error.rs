//! Why a token was rejected, or why nobody can tell.

use crate::{limits, machine::Outage, reason::Reason};

/// What a check of a token ended with. No variant holds a token, a key or a secret.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not the Compact Serialization of a JWS with a JSON payload.
    #[error("malformed token: {0}")]
    Malformed(&'static str),
    /// A machine token where a session token is expected.
    #[error("the token's category is that of a machine token, expected a session token")]
    Category,
    /// A handshake token of another class.
    #[error("the token's category is not that of a handshake token")]
    HandshakeCategory,
    /// The `typ` header.
    #[error("typ is {found}, expected {expected}")]
    Type {
        /// As found.
        found: String,
        /// The accepted types.
        expected: String,
    },
    /// The `alg` header.
    #[error("alg is {found}, expected one that is allowed here, as RS256")]
    Algorithm {
        /// As found.
        found: String,
    },
    /// Neither a PEM key nor a secret key.
    #[error("no key to verify with; help: set CLERK_JWT_KEY or CLERK_SECRET_KEY")]
    NoKeySource,
    /// The key set could not be had.
    #[error("key set unavailable: {0}")]
    KeySet(#[from] KeySetError),
    /// The key set has no such key.
    #[error("no key of the key set has the kid {kid}; help: are token and secret key of one Clerk instance?")]
    KidNotFound {
        /// The token's `kid`, as found.
        kid: String,
    },
    /// The key with this `kid` is no RSA key for signatures, or too small.
    #[error("the key with the kid {kid} cannot be used: {why}")]
    UnusableKey {
        /// Its `kid`.
        kid: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key is meant for another algorithm.
    #[error("the key is for {key}, the token says {token}")]
    KeyAlgorithm {
        /// The key's `alg`.
        key: &'static str,
        /// The token's.
        token: &'static str,
    },
    /// The signature is not good.
    #[error("the signature is not that of the key")]
    Signature,
    /// The host could not check the signature.
    #[error("the signature could not be checked: {0}")]
    SignatureUnchecked(String),
    /// The `sub` claim.
    #[error("sub is {found}, expected a string")]
    Subject {
        /// As found.
        found: String,
    },
    /// The `aud` claim.
    #[error("aud is {found}, expected one of {expected} audiences")]
    Audience {
        /// As found.
        found: String,
        /// How many there are to choose from.
        expected: usize,
    },
    /// The `azp` claim.
    #[error("azp is {found}, expected one of {expected} authorized parties")]
    AuthorizedParty {
        /// As found.
        found: String,
        /// How many there are to choose from.
        expected: usize,
    },
    /// The `iss` claim.
    #[error("iss is {found}, expected one of {expected} issuers")]
    Issuer {
        /// As found.
        found: String,
        /// How many there are to choose from.
        expected: usize,
    },
    /// A time claim that is no NumericDate.
    #[error("{claim} is {found}, expected a time in seconds")]
    NotATime {
        /// `exp`, `nbf` or `iat`.
        claim: &'static str,
        /// As found.
        found: String,
    },
    /// `exp` has passed.
    #[error("expired: exp is {exp_secs}, now is {now_secs} (seconds)")]
    Expired {
        /// The claim, in whole seconds.
        exp_secs: i64,
        /// The time of the check, in whole seconds.
        now_secs: i64,
    },
    /// `nbf` is to come.
    #[error("not valid yet: nbf is {nbf_secs}, now is {now_secs} (seconds)")]
    NotYetValid {
        /// The claim, in whole seconds.
        nbf_secs: i64,
        /// The time of the check, in whole seconds.
        now_secs: i64,
    },
    /// `iat` is to come.
    #[error("issued in the future: iat is {iat_secs}, now is {now_secs} (seconds)")]
    IssuedInFuture {
        /// The claim, in whole seconds.
        iat_secs: i64,
        /// The time of the check, in whole seconds.
        now_secs: i64,
    },
}

/// The checks of a session token, in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // each is named by `as_str`
pub enum TokenCheck {
    Format,
    Category,
    Key,
    Type,
    Algorithm,
    Signature,
    Subject,
    Audience,
    AuthorizedParty,
    Issuer,
    Times,
}

impl TokenCheck {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Format,
        Self::Category,
        Self::Key,
        Self::Type,
        Self::Algorithm,
        Self::Signature,
        Self::Subject,
        Self::Audience,
        Self::AuthorizedParty,
        Self::Issuer,
        Self::Times,
    ];

    /// The name in explanations, in kebab-case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Category => "category",
            Self::Key => "key",
            Self::Type => "type",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Subject => "subject",
            Self::Audience => "audience",
            Self::AuthorizedParty => "authorized-party",
            Self::Issuer => "issuer",
            Self::Times => "times",
        }
    }
}

impl TokenError {
    /// The check that failed.
    #[must_use]
    pub fn check(&self) -> TokenCheck {
        match self {
            Self::Malformed(_) => TokenCheck::Format,
            Self::Category | Self::HandshakeCategory => TokenCheck::Category,
            Self::NoKeySource | Self::KeySet(_) | Self::KidNotFound { .. } => TokenCheck::Key,
            Self::Type { .. } => TokenCheck::Type,
            Self::Algorithm { .. } | Self::UnusableKey { .. } | Self::KeyAlgorithm { .. } => TokenCheck::Algorithm,
            Self::Signature | Self::SignatureUnchecked(_) => TokenCheck::Signature,
            Self::Subject { .. } => TokenCheck::Subject,
            Self::Audience { .. } => TokenCheck::Audience,
            Self::AuthorizedParty { .. } => TokenCheck::AuthorizedParty,
            Self::Issuer { .. } => TokenCheck::Issuer,
            Self::NotATime { .. } | Self::Expired { .. } | Self::NotYetValid { .. } | Self::IssuedInFuture { .. } => {
                TokenCheck::Times
            }
        }
    }

    /// Clerk's reason for the same.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Malformed(_) | Self::Category | Self::HandshakeCategory | Self::Type { .. } => Reason::TokenInvalid,
            Self::Algorithm { .. } => Reason::TokenInvalidAlgorithm,
            Self::NoKeySource => Reason::JwkFailedToResolve,
            Self::KeySet(error) => error.reason(),
            Self::KidNotFound { .. } => Reason::JwkKidMismatch,
            Self::Signature => Reason::TokenInvalidSignature,
            Self::AuthorizedParty { .. } => Reason::TokenInvalidAuthorizedParties,
            Self::Issuer { .. } => Reason::TokenInvalidIssuer,
            Self::Expired { .. } => Reason::TokenExpired,
            Self::NotYetValid { .. } => Reason::TokenNotActiveYet,
            Self::IssuedInFuture { .. } => Reason::TokenIatInTheFuture,
            Self::UnusableKey { .. }
            | Self::KeyAlgorithm { .. }
            | Self::SignatureUnchecked(_)
            | Self::Subject { .. }
            | Self::Audience { .. }
            | Self::NotATime { .. } => Reason::TokenVerificationFailed,
        }
    }

    /// Whether the check could not be made: the token is neither good nor bad.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::KeySet(_) | Self::SignatureUnchecked(_) | Self::NoKeySource)
    }

    /// Whether a new token would do: the only thing wrong is the time.
    #[must_use]
    pub fn is_about_time(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::NotYetValid { .. } | Self::IssuedInFuture { .. })
    }
}

/// Why there is no key set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// No answer from the Backend API, or whoever else has the keys.
    #[error("no answer from its server: {0}")]
    Outage(String),
    /// An answer that is no success.
    #[error("{status} from its server")]
    Status {
        /// The status code.
        status: u16,
        /// Whether the body was JSON; Clerk tells these apart.
        json: bool,
    },
    /// Clerk does not know the secret key.
    #[error("the Backend API does not know the secret key; help: check CLERK_SECRET_KEY")]
    SecretKeyInvalid,
    /// The answer is not JSON, or no object.
    #[error("its server's answer is no key set")]
    NotAKeySet,
    /// The answer holds no keys.
    #[error("the key set is empty")]
    Empty,
    /// The answer holds more keys than [`limits::KEYS_PER_SET`].
    #[error("the key set holds more than {} keys", limits::KEYS_PER_SET)]
    TooManyKeys,
    /// The `api_url` option is no URL.
    #[error("the Backend API's address is no http(s) URL; help: check `api_url`")]
    Url,
}

impl KeySetError {
    /// Clerk's reason for the same; what Clerk has no reason for is `unexpected-error`.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::SecretKeyInvalid => Reason::SecretKeyInvalid,
            Self::Status { json: true, .. } | Self::Empty | Self::TooManyKeys => Reason::RemoteJwkFailedToLoad,
            Self::Outage(_) | Self::Status { json: false, .. } | Self::NotAKeySet | Self::Url => Reason::UnexpectedError,
        }
    }

    /// Whether asking again at once may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Outage(_) | Self::NotAKeySet => true,
            Self::Status { status, .. } => *status >= 500 || matches!(status, 408 | 429),
            Self::SecretKeyInvalid | Self::Empty | Self::TooManyKeys | Self::Url => false,
        }
    }
}

impl From<Outage> for KeySetError {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage.0)
    }
}

/// Input as an error message shows it: in backticks, escaped, ASCII, cut.
#[must_use]
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("`");
    let mut chars = text.chars();
    for char in chars.by_ref().take(limits::QUOTED_CHARS) {
        match char {
            '`' => out.push('\''),
            ' '..='~' => out.push(char),
            _ => out.extend(char.escape_unicode()),
        }
    }
    if chars.next().is_some() {
        out.push_str("...");
    }
    out.push('`');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_quoted_escaped_and_cut() {
        assert_eq!(quoted("a\n`\u{fc}"), "`a\\u{a}'\\u{fc}`");
        assert_eq!(quoted(&"x".repeat(100)).len(), limits::QUOTED_CHARS + 5);
    }
}
