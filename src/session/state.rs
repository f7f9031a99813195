//! What a check of a request ends with.

use std::{borrow::Cow, rc::Rc};

use super::Auth;
use crate::{headers::Field, reason::Reason, text::ByAny, token::TokenError};

/// Signed in, signed out, or neither before a handshake has been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A good token.
    SignedIn,
    /// No good token.
    SignedOut,
    /// The browser has to go to the Frontend API and come back; `location` says where.
    Handshake,
}

impl Status {
    /// Clerk's name for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::SignedOut => "signed-out",
            Self::Handshake => "handshake",
        }
    }
}

/// The kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// A session token.
    SessionToken,
    /// An API key.
    ApiKey,
    /// A machine-to-machine token.
    M2mToken,
    /// An OAuth access token.
    OauthToken,
}

impl TokenType {
    /// Reads Clerk's name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "session_token" => Some(Self::SessionToken),
            "api_key" => Some(Self::ApiKey),
            "m2m_token" => Some(Self::M2mToken),
            "oauth_token" => Some(Self::OauthToken),
            _ => None,
        }
    }

    /// Clerk's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionToken => "session_token",
            Self::ApiKey => "api_key",
            Self::M2mToken => "m2m_token",
            Self::OauthToken => "oauth_token",
        }
    }
}

/// What `authenticateRequest` answers. It goes from hand to hand in a box: moved by itself it is twenty words each time.
#[derive(Clone, Debug)]
pub struct RequestState {
    /// Signed in or not, or a handshake.
    pub status: Status,
    /// Why not; `None` when signed in.
    pub reason: Option<Reason>,
    /// More words for the operator; may be empty. Holds no token, key or secret.
    pub message: String,
    /// The kind of token; `None` where no accepted kind was there.
    pub token_type: Option<TokenType>,
    /// The token, when signed in.
    pub token: Option<Rc<str>>,
    /// To be put on the response, names in lower case: `location`, `set-cookie`s, `cache-control`, `x-clerk-auth-*`.
    pub headers: Vec<Field>,
    /// Who it is, and what they may.
    pub auth: Auth,
    /// The check could not be made (no keys, no answer): neither signed in nor known to be signed out. Clerk has no such state,
    /// and says signed out.
    pub unknown: bool,
    /// Whether cookies were looked at, and no token in the `Authorization` header: what a browser sends along by itself.
    pub from_cookies: bool,
    /// A handshake is due, but there were too many in a row.
    pub gave_up: bool,
    /// `iat` of the cookie's token, in seconds; unverified.
    pub issued_at: Option<i64>,
    /// Whether that is not the cookie's, but of a token that Clerk has just minted and that is not of this time.
    pub minted_off_time: bool,
    /// The time of the check, in seconds.
    pub checked_at: i64,
    /// The token has no `azp` although authorized parties are asked for, and was let through.
    pub azp_missing: bool,
}

impl RequestState {
    /// Whether a good token was there. A pending session's token is good.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        self.status == Status::SignedIn
    }

    /// The first header of that name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| *found == name).map(|(_, value)| &**value)
    }

    pub(super) fn signed_in(token: Rc<str>, kind: TokenType, auth: Auth, headers: Headers) -> Box<Self> {
        Box::new(Self {
            status: Status::SignedIn,
            reason: None,
            message: String::new(),
            token_type: Some(kind),
            token: Some(token),
            headers: headers.0,
            azp_missing: auth.is_azp_missing(),
            auth,
            unknown: false,
            from_cookies: false,
            gave_up: false,
            issued_at: None,
            minted_off_time: false,
            checked_at: 0,
        })
    }

    /// Without a good session token, and nothing to add.
    #[inline(never)]
    pub(super) fn signed_out(reason: Reason) -> Box<Self> {
        Self::signed_out_saying(reason, String::new())
    }

    #[inline(never)]
    pub(super) fn signed_out_saying(reason: Reason, message: String) -> Box<Self> {
        Self::signed_out_with(reason, message, Headers::default())
    }

    /// Signed out, with words for the operator that the response does not show.
    pub(super) fn signed_out_quietly(reason: Reason, message: String) -> Box<Self> {
        let mut state = Self::signed_out(reason);
        state.message = message;
        state
    }

    pub(super) fn signed_out_with(reason: Reason, message: String, headers: Headers) -> Box<Self> {
        let kind = Some(TokenType::SessionToken);
        Self::not_signed_in(Status::SignedOut, kind, reason, message, headers, Auth::default())
    }

    /// Without a good token of a machine, or, where there is no kind, without one of any kind that is accepted.
    pub(super) fn without_machine(kind: Option<TokenType>, reason: Reason, message: String) -> Box<Self> {
        Self::not_signed_in(Status::SignedOut, kind, reason, message, Headers::default(), Auth::without_machine(kind))
    }

    pub(super) fn handshake(reason: Reason, message: String, headers: Headers) -> Box<Self> {
        let kind = Some(TokenType::SessionToken);
        Self::not_signed_in(Status::Handshake, kind, reason, message, headers, Auth::handshake())
    }

    /// Nobody known, since a token could not be checked.
    pub(crate) fn unchecked(error: &TokenError) -> Box<Self> {
        Self::signed_out_quietly(error.reason(), error.text()).unknown_if(true)
    }

    /// Nobody can say who it is, and nothing else is known.
    pub(crate) fn unjudged() -> Box<Self> {
        Self::signed_out_quietly(Reason::UnexpectedError, String::new()).unknown_if(true)
    }

    /// Nobody: what is asked is not asked by anybody.
    pub(crate) fn nobody() -> Box<Self> {
        Self::signed_out_quietly(Reason::SessionTokenAndUatMissing, String::new())
    }

    /// Signed in no longer, whatever the token says; or, if `unknown`, nobody can tell.
    pub(crate) fn outdated(reason: Reason, message: String, unknown: bool) -> Box<Self> {
        Self::signed_out_quietly(reason, message).unknown_if(unknown)
    }

    pub(super) fn unknown_if(mut self: Box<Self>, unknown: bool) -> Box<Self> {
        self.unknown = unknown;
        self
    }

    fn not_signed_in(
        status: Status,
        kind: Option<TokenType>,
        reason: Reason,
        message: String,
        mut headers: Headers,
        auth: Auth,
    ) -> Box<Self> {
        if !message.is_empty() {
            headers.set("x-clerk-auth-message", message.clone().into());
        }
        headers.set("x-clerk-auth-reason", reason.as_str());
        headers.set_to("x-clerk-auth-status", status.as_str());
        Box::new(Self {
            status,
            reason: Some(reason),
            message,
            token_type: kind,
            token: None,
            headers: headers.0,
            auth,
            unknown: false,
            from_cookies: false,
            gave_up: false,
            issued_at: None,
            minted_off_time: false,
            checked_at: 0,
            azp_missing: false,
        })
    }
}

/// Response headers on their way into a state.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers(Vec<Field>);

impl Headers {
    /// Sets a header to one value. A value that is none, as Fetch has it, is left out: better no reason than a second header.
    pub(super) fn set(&mut self, name: &'static str, value: Cow<'static, str>) {
        while let Some(at) = self.0.iter().position(|(found, _)| *found == name) {
            self.0.remove(at);
        }
        // The one result is whether it is there now, and nobody asks.
        let _ = self.append(name, value);
    }

    /// Sets a header to a value that is written in the program.
    pub(super) fn set_to(&mut self, name: &'static str, value: &'static str) {
        self.set(name, value.into());
    }

    /// Adds a header; false where the value is none.
    #[must_use]
    pub(super) fn append(&mut self, name: &'static str, value: Cow<'static, str>) -> bool {
        let value = clean(value);
        match value {
            Some(value) => {
                self.0.push((name, value));
                true
            }
            None => false,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(found, _)| *found == name)
    }
}

/// A header value as Fetch normalizes it; `None` where it holds a line break, a NUL or a letter beyond Latin-1.
fn clean(value: Cow<'static, str>) -> Option<Cow<'static, str>> {
    // What is written in the program is clean.
    let Cow::Owned(text) = value else { return Some(value) };
    let trimmed = text.trim_any(b" \t\r\n");
    let is_value = trimmed.chars().all(|char| char <= '\u{ff}' && !matches!(char, '\0' | '\r' | '\n'));
    match is_value {
        false => None,
        true if trimmed.len() == text.len() => Some(text.into()),
        true => Some(trimmed.to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_none_leaves_no_header() {
        let mut headers = Headers::default();
        headers.set("x-clerk-auth-reason", " bad\u{fc} ".to_owned().into());
        assert_eq!(headers.0, [("x-clerk-auth-reason", "bad\u{fc}".into())]);
        headers.set("x-clerk-auth-reason", "bad\ncode".to_owned().into());
        assert!(!headers.has("x-clerk-auth-reason"));
        assert!(!headers.append("set-cookie", "a=\u{2602}".to_owned().into()));
    }
}
