//! What is known of a request or a token, as JSON.

use super::outcome::{Outcome, push_member, push_pairs};
use crate::{
    json::push_string,
    reason::Reason,
    session::{AuthenticateError, RequestState, TokenType},
    token::{TokenError, VerifiedClaims},
};

/// A request's state: one line of JSON, and behind it, to be read when somebody asks, a list of the auth object and, where a
/// pending session makes another one of it, that one.
pub(super) fn of_state(state: &RequestState, proxy_url: Option<String>) -> Outcome {
    let mut text = String::from("{\"status\":");
    push_string(&mut text, state.status.as_str());
    if let Some(reason) = &state.reason {
        push_member(&mut text, "reason", &reason.as_str());
        push_member(&mut text, "message", &state.message);
    }
    if let Some(kind) = state.token_type {
        push_member(&mut text, "tokenType", TokenType::as_str(kind));
    }
    if let Some(token) = &state.token {
        push_member(&mut text, "token", token);
    }
    if let Some(proxy_url) = proxy_url {
        push_member(&mut text, "proxyUrl", &proxy_url);
    }
    if state.unknown {
        text.push_str(",\"unknown\":true");
    }
    if !state.headers.is_empty() {
        text.push_str(",\"headers\":");
        push_pairs(&mut text, state.headers.iter().map(|(name, value)| (*name, &**value)));
    }
    text.push_str("}\n[");
    state.auth.push_json(&mut text);
    if let Some(pending) = state.auth.pending_to_json() {
        text.extend([",", &pending]);
    }
    text.push(']');
    Outcome::done(text)
}

/// The claims of a good token, as they stand in it.
pub(super) fn of_claims(claims: &VerifiedClaims) -> Outcome {
    Outcome::done(claims.json().to_owned())
}

pub(super) fn of_rejected_token(error: &TokenError) -> Outcome {
    failure(&error.reason(), &error.text())
}

/// Settings and request do not go together; Clerk throws.
pub(super) fn of_refused_request(error: &AuthenticateError) -> Outcome {
    failure(&Reason::UnexpectedError, &error.text())
}

fn failure(reason: &Reason, message: &str) -> Outcome {
    let mut text = String::from("{\"reason\":");
    push_string(&mut text, &reason.as_str());
    push_member(&mut text, "message", message);
    text.push('}');
    Outcome::failed(text)
}
