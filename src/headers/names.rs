//! The header names that the gate sets. Their one home.

/// The user's id.
pub const USER_ID: &str = "x-portcullis-user-id";
/// Who issued the token, where that is not Clerk. User ids of two issuers say nothing about each other.
pub const ISSUER: &str = "x-portcullis-issuer";
/// The session's id.
pub const SESSION_ID: &str = "x-portcullis-session-id";
/// The active organization's id.
pub const ORG_ID: &str = "x-portcullis-org-id";
/// The user's role in the active organization.
pub const ORG_ROLE: &str = "x-portcullis-org-role";
/// The user's own role: the claim that `admin_requires` tests, where it is a string.
pub const ROLE: &str = "x-portcullis-role";
/// The kind of a machine's token: `api_key`, `m2m_token` or `oauth_token`. Absent for people.
pub const TOKEN_TYPE: &str = "x-portcullis-token-type";
/// Whom a machine's token stands for. Absent for people.
pub const SUBJECT: &str = "x-portcullis-subject";
/// `signed-in`, `signed-out` or `unknown`.
pub const AUTH_STATUS: &str = "x-portcullis-auth-status";
/// The id of this request, for logs on both sides.
pub const REQUEST_ID: &str = "x-portcullis-request-id";
/// All of that, signed by the gate, where it has a signing key.
pub const ASSERTION: &str = "x-portcullis-assertion";
/// `verified` on a webhook whose signature was found good. On nothing else.
pub const WEBHOOK: &str = "x-portcullis-webhook";
/// What scripts of the page have to carry where `csp` is strict.
pub const NONCE: &str = "x-nonce";
/// The public host that the client asked.
pub const FORWARDED_HOST: &str = "x-forwarded-host";
/// The page that Next.js is told a visitor comes from.
pub const NEXT_URL: &str = "next-url";
/// The client's address, for Clerk's Frontend API.
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// Where Clerk's Frontend API is proxied, for it to know.
pub const CLERK_PROXY_URL: &str = "clerk-proxy-url";
/// By what the Frontend API believes its proxy.
pub const CLERK_SECRET_KEY: &str = "clerk-secret-key";
/// The public scheme that the client used.
pub const FORWARDED_PROTO: &str = "x-forwarded-proto";
