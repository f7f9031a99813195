//! The one list of reasons: why a session check ended as it did ([`Reason`]), and what the gate says beside that (the constants).
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

// The gate's own: they need no session check, so they are no `Reason`. `docs/reasons.md` says more of each.

/// The path is public.
pub const PUBLIC: &str = "public";
/// All that is asked for is met.
pub const ALLOWED: &str = "allowed";
/// The whole gate is in shadow, and would have answered itself.
pub const SHADOW: &str = "shadow";
/// A request for the Frontend API's proxy.
pub const FRONTEND_API: &str = "frontend-api";
/// A webhook whose signature is still to be checked.
pub const WEBHOOK_RECEIVED: &str = "webhook-received";
/// A webhook that is what its sender signed.
pub const WEBHOOK_VERIFIED: &str = "webhook-verified";
/// The public halves of the gate's own keys.
pub const KEY_SET: &str = "key-set";
/// Settings and keys are usable.
pub const READY: &str = "ready";
/// They are not.
pub const NOT_READY: &str = "not-ready";
/// A URL over `limits::URL_BYTES`.
pub const URL_TOO_LONG: &str = "url-too-long";
/// A path over `limits::PATH_BYTES`.
pub const PATH_TOO_LONG: &str = "path-too-long";
/// A control byte in the URL.
pub const CONTROL_BYTE: &str = "control-byte";
/// A URL of another scheme.
pub const NOT_HTTP: &str = "not-http";
/// A URL whose host cannot be read in one way only.
pub const BAD_AUTHORITY: &str = "bad-authority";
/// An encoded NUL.
pub const ENCODED_NUL: &str = "encoded-nul";
/// A path that can be read in too many ways.
pub const TOO_MANY_READINGS: &str = "too-many-readings";
/// A path that may or may not be the proxy's.
pub const PROXY_PATH_AMBIGUOUS: &str = "proxy-path-ambiguous";
/// Signed in, without what the path asks for.
pub const REQUIREMENT_NOT_MET: &str = "requirement-not-met";
/// Nobody is signed in, and there is no other reason.
pub const SIGNED_OUT: &str = "signed-out";
/// Nobody can tell who asks, and there is no other reason.
pub const CANNOT_TELL: &str = "cannot-tell";
/// A handshake has ended, and the browser is sent to the address without it.
pub const HANDSHAKE_RESOLVED: &str = "handshake-resolved";
/// A page of another site made the request.
pub const CROSS_SITE_REQUEST: &str = "cross-site-request";
/// A method that no rule decides, or that webhooks do not come by.
pub const METHOD_REFUSED: &str = "method-refused";
/// More requests than a limit allows.
pub const RATE_LIMITED: &str = "rate-limited";
/// Nothing is there below the gate's own path.
pub const NO_SUCH_ENDPOINT: &str = "no-such-endpoint";
/// A loop, since the clocks differ.
pub const LOOP_CLOCK_SKEW: &str = "loop-clock-skew";
/// A loop, since the keys are of two instances.
pub const LOOP_TWO_INSTANCES: &str = "loop-two-instances";
/// A loop, since the browser keeps no cookie.
pub const LOOP_COOKIE_BLOCKED: &str = "loop-cookie-blocked";
/// A loop, since browsers drop the session cookie.
pub const LOOP_COOKIE_TOO_LARGE: &str = "loop-cookie-too-large";
/// A loop, since the session is for another domain.
pub const LOOP_SATELLITE_MISMATCH: &str = "loop-satellite-mismatch";
/// A loop without a known cause.
pub const LOOP: &str = "loop";
/// The three fields of a signature are not all there.
pub const WEBHOOK_HEADERS_MISSING: &str = "webhook-headers-missing";
/// One of them cannot be read.
pub const WEBHOOK_HEADERS_INVALID: &str = "webhook-headers-invalid";
/// Signed too long ago.
pub const WEBHOOK_TIMESTAMP_TOO_OLD: &str = "webhook-timestamp-too-old";
/// Signed too far ahead.
pub const WEBHOOK_TIMESTAMP_TOO_NEW: &str = "webhook-timestamp-too-new";
/// No signature is good.
pub const WEBHOOK_SIGNATURE_INVALID: &str = "webhook-signature-invalid";
/// A body over `limits::WEBHOOK_BODY_BYTES`.
pub const WEBHOOK_BODY_TOO_LARGE: &str = "webhook-body-too-large";
/// Signed, and not an event.
pub const WEBHOOK_BODY_INVALID: &str = "webhook-body-invalid";
/// The path of webhooks in another spelling.
pub const WEBHOOK_PATH_MISSPELT: &str = "webhook-path-misspelt";
/// The origin has taken this delivery before.
pub const WEBHOOK_ALREADY_HANDLED: &str = "webhook-already-handled";
/// Another request is just handing it over.
pub const WEBHOOK_IN_PROGRESS: &str = "webhook-in-progress";
/// The database gives no answer.
pub const WEBHOOK_STORE_UNAVAILABLE: &str = "webhook-store-unavailable";
/// A setting is wrong.
pub const INVALID_SETTINGS: &str = "invalid-settings";
/// A setting is an address of this machine, and the request is for another host.
pub const DEVELOPMENT_SETTINGS: &str = "development-settings";
/// The assertion could not be signed.
pub const ASSERTION_NOT_SIGNED: &str = "assertion-not-signed";
/// A mistake in the gate; nothing was forwarded.
pub const INTERNAL_ERROR: &str = "internal-error";
/// The origin did not answer.
pub const ORIGIN_UNREACHABLE: &str = "origin-unreachable";
/// Clerk's Frontend API did not answer its proxy.
pub const FRONTEND_API_UNREACHABLE: &str = "frontend-api-unreachable";

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
