//! Why a token was rejected, or why nobody can tell.

use core::fmt;

use crate::{
    limits,
    machine::Outage,
    reason::Reason,
    text::{self, fill, push_hex},
};

/// What a check of a token ended with. No variant holds a token, a key or a secret.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TokenError {
    /// Not the Compact Serialization of a JWS with a JSON payload.
    Malformed(&'static str),
    /// A machine token where a session token is expected.
    Category,
    /// A handshake token of another class.
    HandshakeCategory,
    /// The `typ` header.
    Type {
        /// As found.
        found: String,
        /// The accepted types.
        expected: String,
    },
    /// The `alg` header.
    Algorithm {
        /// As found.
        found: String,
    },
    /// Neither a PEM key nor a secret key.
    NoKeySource,
    /// The key set could not be had.
    KeySet(KeySetError),
    /// The key set has no such key.
    KidNotFound {
        /// The token's `kid`, as found.
        kid: String,
    },
    /// The key with this `kid` is no RSA key for signatures, or too small.
    UnusableKey {
        /// Its `kid`.
        kid: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key is meant for another algorithm.
    KeyAlgorithm {
        /// The key's `alg`.
        key: &'static str,
        /// The token's.
        token: &'static str,
    },
    /// The signature is not good.
    Signature,
    /// The host could not check the signature.
    SignatureUnchecked(String),
    /// The `sub` claim.
    Subject {
        /// As found.
        found: String,
    },
    /// The `aud` claim.
    Audience {
        /// As found.
        found: String,
        /// How many there are to choose from.
        expected: usize,
    },
    /// The `azp` claim.
    AuthorizedParty {
        /// As found.
        found: String,
        /// How many there are to choose from.
        expected: usize,
    },
    /// The `iss` claim.
    Issuer {
        /// As found.
        found: String,
        /// How many there are to choose from.
        expected: usize,
    },
    /// A time claim that is no NumericDate.
    NotATime {
        /// `exp`, `nbf` or `iat`.
        claim: &'static str,
        /// As found.
        found: String,
    },
    /// `exp` has passed.
    Expired {
        /// The claim, in whole seconds.
        exp_secs: i64,
        /// The time of the check, in whole seconds.
        now_secs: i64,
    },
    /// `nbf` is to come.
    NotYetValid {
        /// The claim, in whole seconds.
        nbf_secs: i64,
        /// The time of the check, in whole seconds.
        now_secs: i64,
    },
    /// `iat` is to come.
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
    /// The message, as [`Display`](fmt::Display) has it.
    #[must_use]
    pub fn text(&self) -> String {
        let (template, words, numbers): (_, [&str; 2], [i64; 2]) = match self {
            Self::Malformed(why) => ("malformed token: {}", [why, ""], [0; 2]),
            Self::Category => ("the token's category is that of a machine token, expected a session token", [""; 2], [0; 2]),
            Self::HandshakeCategory => ("the token's category is not that of a handshake token", [""; 2], [0; 2]),
            Self::Type { found, expected } => ("typ is {}, expected {}", [found, expected], [0; 2]),
            Self::Algorithm { found } => ("alg is {}, expected one that is allowed here, as RS256", [found, ""], [0; 2]),
            Self::NoKeySource => ("no key to verify with; help: set CLERK_JWT_KEY or CLERK_SECRET_KEY", [""; 2], [0; 2]),
            Self::KeySet(error) => return text::concat(&["key set unavailable: ", &error.text()]),
            Self::KidNotFound { kid } => {
                ("no key of the key set has the kid {}; help: are token and secret key of one Clerk instance?", [kid, ""], [0; 2])
            }
            Self::UnusableKey { kid, why } => ("the key with the kid {} cannot be used: {}", [kid, why], [0; 2]),
            Self::KeyAlgorithm { key, token } => ("the key is for {}, the token says {}", [key, token], [0; 2]),
            Self::Signature => ("the signature is not that of the key", [""; 2], [0; 2]),
            Self::SignatureUnchecked(why) => ("the signature could not be checked: {}", [why, ""], [0; 2]),
            Self::Subject { found } => ("sub is {}, expected a string", [found, ""], [0; 2]),
            Self::Audience { found, expected } => ("aud is {}, expected one of # audiences", [found, ""], [count(*expected), 0]),
            Self::AuthorizedParty { found, expected } => {
                ("azp is {}, expected one of # authorized parties", [found, ""], [count(*expected), 0])
            }
            Self::Issuer { found, expected } => ("iss is {}, expected one of # issuers", [found, ""], [count(*expected), 0]),
            Self::NotATime { claim, found } => ("{} is {}, expected a time in seconds", [claim, found], [0; 2]),
            Self::Expired { exp_secs, now_secs } => ("expired: exp is #, now is # (seconds)", [""; 2], [*exp_secs, *now_secs]),
            Self::NotYetValid { nbf_secs, now_secs } => {
                ("not valid yet: nbf is #, now is # (seconds)", [""; 2], [*nbf_secs, *now_secs])
            }
            Self::IssuedInFuture { iat_secs, now_secs } => {
                ("issued in the future: iat is #, now is # (seconds)", [""; 2], [*iat_secs, *now_secs])
            }
        };
        fill(template, &words, &numbers)
    }

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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySetError {
    /// No answer from the Backend API, or whoever else has the keys.
    Outage(String),
    /// An answer that is no success.
    Status {
        /// The status code.
        status: u16,
        /// Whether the body was JSON; Clerk tells these apart.
        json: bool,
    },
    /// Clerk does not know the secret key.
    SecretKeyInvalid,
    /// The answer is not JSON, or no object.
    NotAKeySet,
    /// The answer holds no keys.
    Empty,
    /// The answer holds more keys than [`limits::KEYS_PER_SET`].
    TooManyKeys,
    /// The `api_url` option is no URL.
    Url,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for TokenError {}

impl From<KeySetError> for TokenError {
    fn from(error: KeySetError) -> Self {
        Self::KeySet(error)
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl KeySetError {
    /// The message, as [`Display`](fmt::Display) has it.
    #[must_use]
    pub fn text(&self) -> String {
        let (template, word, number) = match self {
            Self::Outage(why) => ("no answer from its server: {}", why.as_str(), 0),
            Self::Status { status, .. } => ("# from its server", "", i64::from(*status)),
            Self::SecretKeyInvalid => ("the Backend API does not know the secret key; help: check CLERK_SECRET_KEY", "", 0),
            Self::NotAKeySet => ("its server's answer is no key set", "", 0),
            Self::Empty => ("the key set is empty", "", 0),
            Self::TooManyKeys => ("the key set holds more than # keys", "", count(limits::KEYS_PER_SET)),
            Self::Url => ("the Backend API's address is no http(s) URL; help: check `api_url`", "", 0),
        };
        fill(template, &[word], &[number])
    }

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

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for KeySetError {}

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
            _ => {
                out.push_str("\\u{");
                push_hex(&mut out, char.into());
                out.push('}');
            }
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
