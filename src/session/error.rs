//! Requests that cannot be checked under the settings; Clerk throws on these.

use crate::token::TokenError;

/// Settings and request do not go together. Not an answer about anybody's session.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// The host handed in a request without an absolute http(s) URL.
    #[error("the request's URL is no absolute http(s) URL")]
    RequestUrl,
    /// Proxy URL or domain make no Frontend API address.
    #[error("the Frontend API's address is no http(s) URL; help: check proxy URL and domain")]
    FrontendApi,
    /// A satellite's `sign_in_url` is not absolute.
    #[error("`sign_in_url` of a satellite is no absolute http(s) URL")]
    SignInUrl,
    /// A satellite's `sign_in_url` is on its own origin.
    #[error("`sign_in_url` of a satellite is on its own origin, expected the primary's")]
    SignInUrlOnSatellite,
    /// A development primary was asked to send the browser to what is no URL.
    #[error("`__clerk_redirect_url` is no absolute http(s) URL")]
    RedirectUrl,
    /// A development instance got a handshake token that does not verify.
    #[error("handshake token rejected: {0}; help: after a change of keys, clear the cookies and try again")]
    Handshake(TokenError),
}
