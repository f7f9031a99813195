//! Clerk's session states. (contract stub)

use std::rc::Rc;

use crate::{machine::Io, request::RequestView};

/// `authenticateRequest`'s options, as data; see `@clerk/backend`.
#[derive(Clone, Debug, Default)]
pub struct AuthenticateOptions {
    pub publishable_key: String,
    pub secret_key: Option<String>,
    pub jwt_key: Option<String>,
    pub api_url: Option<String>,
    pub authorized_parties: Vec<String>,
}

/// Checks requests against one Clerk instance; holds its key set.
pub struct Authenticator {}

impl Authenticator {
    /// Makes one.
    pub fn new(_options: AuthenticateOptions) -> Result<Self, String> {
        Ok(Self {})
    }
    /// What `authenticateRequest` answers.
    pub async fn authenticate(self: &Rc<Self>, _io: &Io, _request: &RequestView) -> RequestState {
        todo!()
    }
}

/// signed in / signed out / handshake
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    SignedIn,
    SignedOut,
    Handshake,
}

/// What `authenticateRequest` answers.
#[derive(Clone, Debug)]
pub struct RequestState {
    pub status: Status,
    /// Clerk's reason, `None` when signed in.
    pub reason: Option<String>,
    pub message: String,
    /// As Clerk's state: `location`, `set-cookie`s, `x-clerk-auth-*`, `cache-control`.
    pub headers: Vec<(String, String)>,
    pub auth: Auth,
    /// The check could not be made (no keys, no answer): neither signed in nor known to be signed out. Clerk has no such state.
    pub unknown: bool,
}

/// What `toAuth()` gives.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub org_id: Option<String>,
    pub org_role: Option<String>,
    pub org_slug: Option<String>,
}
