//! Requests that cannot be checked under the settings; Clerk throws on these.

use core::fmt;

use crate::{text::fill, token::TokenError};

/// Settings and request do not go together. Not an answer about anybody's session.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// The host handed in a request without an absolute http(s) URL.
    RequestUrl,
    /// Proxy URL or domain make no Frontend API address.
    FrontendApi,
    /// A satellite's `sign_in_url` is not absolute, or on its own origin; the message, which is with the satellites.
    SignInUrl(&'static str),
    /// A development instance got a handshake token that does not verify.
    Handshake(Box<TokenError>),
}

impl AuthenticateError {
    /// The message, as [`Display`](fmt::Display) has it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::RequestUrl => "the request's URL is no absolute http(s) URL".into(),
            Self::FrontendApi => "the Frontend API's address is no http(s) URL; help: check proxy URL and domain".into(),
            Self::SignInUrl(why) => (*why).into(),
            Self::Handshake(error) => fill(
                "handshake token rejected: {}; help: after a change of keys, clear the cookies and try again",
                &[&error.text()],
                &[],
            ),
        }
    }
}

impl fmt::Display for AuthenticateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl std::error::Error for AuthenticateError {}
