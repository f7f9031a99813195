//! What the gate decides, as data for a host to carry out.

use std::{borrow::Cow, rc::Rc};

use super::proxy::Proxied;
use crate::{headers::Field, policy::Access, session::Auth};

/// A decision: complete, so that a host has nothing left to decide.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What happens to the request.
    pub action: Action,
    /// What kind of event that is, for logs.
    pub event: Event,
    /// What would have happened instead, were nothing in shadow; `None` where it is the same.
    pub trial: Option<Box<Trial>>,
    /// Why: machine-readable, kebab-case. Clerk's reasons as Clerk spells them.
    pub reason: Cow<'static, str>,
    /// For the operator's log: what, found, expected; empty where the reason says it all. Never sent to the client.
    pub message: String,
    /// What the policy asks of the path; `None` where the path could not be judged.
    pub access: Option<Access>,
    /// Where in the policy that comes from, as `admin[0] /admin(.*)`.
    pub rule: Option<Rc<str>>,
    /// Who asks: what `toAuth()` gives in Clerk's SDK.
    pub auth: Auth,
    /// The token that says so; hosts in the app's own process hand it on, and nobody logs it.
    pub token: Option<Rc<str>>,
    /// Header fields to add to the response, whoever makes it: `Set-Cookie`s of a handshake, Clerk's own status headers.
    pub response_headers: Vec<Field>,
    /// Whether the answer is for this user alone: then no shared cache may keep it.
    pub is_private: bool,
    /// Whether the session token had no `azp` and was let through by `missing_azp`: a host logs it, so that it can be counted.
    pub is_azp_missing: bool,
}

/// What a decision is to those who read logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The origin gets the request.
    Forwarded,
    /// One of the gate's own endpoints said what it was asked, or a webhook goes no further and its sender is told that all is well.
    Answered,
    /// It is refused; somebody who is signed in may be sent to `unauthorized_url`.
    Denied,
    /// The browser is sent to sign in.
    SignIn,
    /// The browser is sent to Clerk to have its session renewed, or comes back from there.
    Handshake,
    /// A browser that had a session comes back from Clerk without one, or a webhook says that a session has ended.
    SignOut,
}

impl Event {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Answered => "answered",
            Self::Denied => "denied",
            Self::SignIn => "sign-in",
            Self::Handshake => "handshake",
            Self::SignOut => "sign-out",
        }
    }
}

/// A decision that does not hold because what it comes from is in shadow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// `redirect` or `deny`.
    pub verb: &'static str,
    /// The status that the answer would have had.
    pub status: u16,
    /// Why.
    pub reason: Cow<'static, str>,
    /// For the operator's log.
    pub message: String,
    /// What the policy asks of the path.
    pub access: Option<Access>,
    /// Where that comes from.
    pub rule: Option<Rc<str>>,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The origin gets it.
    Forward(Forward),
    /// The origin gets it once its signature has been found good: see [`Decision::deliver`]. A host that cannot look at signatures
    /// refuses it.
    Webhook(Forward),
    /// The gate answers by itself.
    Answer(Answer),
}

/// How the origin gets the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Path and query, byte for byte what was judged.
    pub target: Rc<str>,
    /// Scheme and authority as the client used them: where to send it when no other origin is configured.
    pub public_origin: Rc<str>,
    /// Header fields to set, after all that are reserved have been taken off.
    pub headers: Vec<Field>,
    /// Where the request goes if Clerk's Frontend API is meant, and not the origin.
    pub proxied: Option<Proxied>,
}

/// An answer that the gate makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Where to, for a redirect.
    pub location: Option<String>,
    /// `Content-Type` and body; none for a redirect.
    pub body: Option<(&'static str, String)>,
    /// Further header fields, as `WWW-Authenticate` and `Retry-After`.
    pub headers: Vec<(&'static str, String)>,
}

impl Decision {
    /// `forward`, `redirect`, `deny`, or `answer` for one of the gate's own endpoints and for a webhook that goes no further; `webhook` for
    /// one that is yet to be checked.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match &self.action {
            Action::Answer(_) if self.event == Event::Answered => "answer",
            Action::Forward(_) => "forward",
            Action::Webhook(_) => "webhook",
            Action::Answer(Answer { location: Some(_), .. }) => "redirect",
            Action::Answer(_) => "deny",
        }
    }

    /// Whether the policy was asked: it is not for the gate's own endpoints, for webhooks and for the Frontend API's proxy, nor where the
    /// request is refused before.
    #[must_use]
    pub fn is_of_policy(&self) -> bool {
        self.access.is_some() && !matches!(&self.action, Action::Forward(Forward { proxied: Some(_), .. }))
    }

    /// The status of the gate's own answer; 200 stands for "the origin's".
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.action {
            Action::Forward(_) | Action::Webhook(_) => 200,
            Action::Answer(answer) => answer.status,
        }
    }
}
