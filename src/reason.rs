//! The one list of reasons why a session check ended as it did.
//!
//! Clerk's reasons are spelled as Clerk spells them, since people search for them; ours come last.
//!
//! Source: `AuthErrorReason`, `TokenVerificationErrorReason` and `RefreshTokenErrorReason` in `@clerk/backend`.

use std::borrow::Cow;

use crate::text;

/// Why somebody is not signed in, or why a handshake is due.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Another organization is active than the one that the URL names.
    ActiveOrganizationMismatch,
    /// Clerk knows of a session, the request has no token.
    ClientUatWithoutSessionToken,
    /// A development instance needs its dev browser.
    DevBrowserMissing,
    /// The dev browser came in the URL.
    DevBrowserSync,
    /// A primary domain was reached from another origin.
    PrimaryDomainCrossOriginSync,
    /// A development primary answers a satellite.
    PrimaryRespondsToSyncing,
    /// A satellite asks its primary.
    SatelliteCookieNeedsSyncing,
    /// Neither a session token nor a sign that there is one.
    SessionTokenAndUatMissing,
    /// The session token has expired and was not renewed.
    SessionTokenExpired(RefreshFailure),
    /// The session token is older than the last change that Clerk knows of.
    SessionTokenIatBeforeClientUat,
    /// The session token is from the future.
    SessionTokenIatInTheFuture,
    /// A handshake ended without a session.
    SessionTokenMissing,
    /// The session token is not valid yet.
    SessionTokenNbf,
    /// A session token, but Clerk says nobody is signed in.
    SessionTokenWithoutClientUat,
    /// The token is of a kind that is not accepted here.
    TokenTypeMismatch,
    /// The check could not be made, and nothing more is known.
    UnexpectedError,
    /// Machine requests carry their token in the `Authorization` header.
    NoTokenInHeader,

    /// The token has expired.
    TokenExpired,
    /// The token is not a JWT that a session could have.
    TokenInvalid,
    /// The algorithm is not on the allow-list.
    TokenInvalidAlgorithm,
    /// The authorized party is none of ours.
    TokenInvalidAuthorizedParties,
    /// The issuer is none of ours.
    TokenInvalidIssuer,
    /// The signature is not good.
    TokenInvalidSignature,
    /// The token is not valid yet.
    TokenNotActiveYet,
    /// The token is from the future.
    TokenIatInTheFuture,
    /// A claim, or the key, does not fit.
    TokenVerificationFailed,
    /// Clerk does not know our secret key.
    SecretKeyInvalid,
    /// The key set could not be had.
    RemoteJwkFailedToLoad,
    /// Ours: no token, where Clerk has none to give.
    TokenMissing,
    /// Nothing to verify with: neither a PEM key nor a secret key.
    JwkFailedToResolve,
    /// No key of the set has the token's `kid`.
    JwkKidMismatch,

    /// Ours, as all that follow: a good token whose session has ended since.
    SessionEnded,
    /// Its user was deleted.
    UserDeleted,
    /// Its user was banned.
    UserBanned,
    /// Its user's public metadata no longer meet what a rule asks.
    UserMetadataChanged,
    /// Its user is no longer a member of the active organization.
    MembershipEnded,
    /// Its user has another role there now.
    OrganizationRoleChanged,
    /// Nobody could tell whether the token is still right.
    FreshnessUnknown,
}

/// Why an expired session token was not renewed; the last part of `session-token-expired-refresh-…`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshFailure {
    /// No refresh cookie.
    NonEligibleNoCookie,
    /// Only `GET` requests are renewed.
    NonEligibleNonGet,
    /// Ours: a token in the `Authorization` header is its sender's to renew.
    NonEligibleHeaderToken,
    /// The renewed token is not good.
    InvalidSessionToken,
    /// The expired token has no `sid`.
    MissingSid,
    /// The Backend API gave no answer.
    FetchError,
    /// The answer holds no cookies.
    UnexpectedSdkError,
    /// The Backend API failed without saying why.
    UnexpectedBapiError,
    /// What the Backend API said.
    Backend(String),
}

impl Reason {
    /// Whether it says that no token came at all, rather than a bad one.
    #[must_use]
    pub fn is_without_token(&self) -> bool {
        matches!(
            self,
            Self::ClientUatWithoutSessionToken
                | Self::DevBrowserMissing
                | Self::SessionTokenAndUatMissing
                | Self::SessionTokenMissing
                | Self::NoTokenInHeader
                | Self::TokenMissing
        )
    }

    /// The machine-readable name, kebab-case.
    #[must_use]
    pub fn as_str(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::ActiveOrganizationMismatch => "active-organization-mismatch",
            Self::ClientUatWithoutSessionToken => "client-uat-but-no-session-token",
            Self::DevBrowserMissing => "dev-browser-missing",
            Self::DevBrowserSync => "dev-browser-sync",
            Self::PrimaryDomainCrossOriginSync => "primary-domain-cross-origin-sync",
            Self::PrimaryRespondsToSyncing => "primary-responds-to-syncing",
            Self::SatelliteCookieNeedsSyncing => "satellite-needs-syncing",
            Self::SessionTokenAndUatMissing => "session-token-and-uat-missing",
            Self::SessionTokenExpired(failure) => {
                return Cow::Owned(text::concat(&["session-token-expired-refresh-", failure.as_str()]));
            }
            Self::SessionTokenIatBeforeClientUat => "session-token-iat-before-client-uat",
            Self::SessionTokenIatInTheFuture => "session-token-iat-in-the-future",
            Self::SessionTokenMissing => "session-token-missing",
            Self::SessionTokenNbf => "session-token-nbf",
            Self::SessionTokenWithoutClientUat => "session-token-but-no-client-uat",
            Self::TokenTypeMismatch => "token-type-mismatch",
            Self::UnexpectedError => "unexpected-error",
            Self::NoTokenInHeader => "No token in header",
            Self::TokenExpired => "token-expired",
            Self::TokenInvalid => "token-invalid",
            Self::TokenInvalidAlgorithm => "token-invalid-algorithm",
            Self::TokenInvalidAuthorizedParties => "token-invalid-authorized-parties",
            Self::TokenInvalidIssuer => "token-invalid-issuer",
            Self::TokenInvalidSignature => "token-invalid-signature",
            Self::TokenNotActiveYet => "token-not-active-yet",
            Self::TokenIatInTheFuture => "token-iat-in-the-future",
            Self::TokenVerificationFailed => "token-verification-failed",
            Self::SecretKeyInvalid => "secret-key-invalid",
            Self::RemoteJwkFailedToLoad => "jwk-remote-failed-to-load",
            Self::TokenMissing => "token-missing",
            Self::JwkFailedToResolve => "jwk-failed-to-resolve",
            Self::JwkKidMismatch => "jwk-kid-mismatch",
            Self::SessionEnded => "session-ended",
            Self::UserDeleted => "user-deleted",
            Self::UserBanned => "user-banned",
            Self::UserMetadataChanged => "user-metadata-changed",
            Self::MembershipEnded => "membership-ended",
            Self::OrganizationRoleChanged => "organization-role-changed",
            Self::FreshnessUnknown => "freshness-unknown",
        })
    }
}

impl core::fmt::Display for Reason {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.as_str())
    }
}

impl RefreshFailure {
    /// The machine-readable name; what the Backend API said stands as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::NonEligibleNoCookie => "non-eligible-no-refresh-cookie",
            Self::NonEligibleNonGet => "non-eligible-non-get",
            Self::NonEligibleHeaderToken => "non-eligible-header-token",
            Self::InvalidSessionToken => "invalid-session-token",
            Self::MissingSid => "expired-session-token-missing-sid-claim",
            Self::FetchError => "fetch-error",
            Self::UnexpectedSdkError => "unexpected-sdk-error",
            Self::UnexpectedBapiError => "unexpected-bapi-error",
            Self::Backend(code) => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_token_says_why_it_was_not_renewed() {
        assert_eq!(
            Reason::SessionTokenExpired(RefreshFailure::Backend("session_not_found".into())).to_string(),
            "session-token-expired-refresh-session_not_found"
        );
    }
}
