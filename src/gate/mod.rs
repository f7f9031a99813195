//! The gate: policy and session to one [`Decision`].
//!
//! ```text
//! RequestView ─► path::judge ─► policy.demand_for ─► session.authenticate ─► authorize ─► Decision
//!                  │ cannot be judged: 400              │ needs the host: Step::Need        ▲
//!                  └────────────────────────────────────┴───────────────────────────────────┘
//! ```
//! [`Gate::begin`] is the only door in, [`Suspended::resume`](crate::machine::Suspended::resume) the only way back.

mod answer;
mod decision;
mod endpoint;
mod identity;
mod redirect;

use std::rc::Rc;

pub use self::{
    answer::{OWN_ANSWER_HEADERS, Refusal},
    decision::{Action, Answer, Decision, Forward},
    endpoint::Endpoint,
};
use crate::{
    limits,
    machine::{self, Io, Step},
    path::{self, JudgedTarget},
    policy::{Access, Demand},
    request::{HeaderName, RequestView},
    session::{Auth, AuthenticateError, AuthenticateOptions, Authenticator, RequestState, Status},
    settings::{Environment, SettingError, Settings, is_loopback_host},
    time::UnixMillis,
};

/// A gate for one instance and one policy. Cheap to clone; clones share the key set.
#[derive(Clone)]
pub struct Gate {
    shared: Rc<Shared>,
}

struct Shared {
    settings: Settings,
    authenticator: Rc<Authenticator>,
}

impl Gate {
    /// Reads the settings and makes a gate.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the settings.
    pub fn new(environment: Environment) -> Result<Self, Vec<SettingError>> {
        let settings = Settings::read(environment)?;
        let authenticator = Rc::new(Authenticator::new(options_of(&settings)).map_err(|error| {
            vec![SettingError::conflict("PORTCULLIS", error.to_string(), "see the Clerk settings in docs/settings.md")]
        })?);
        Ok(Self { shared: Rc::new(Shared { settings, authenticator }) })
    }

    /// The settings that it was made from.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Begins to decide about a request. `request_id` names it in logs and for the origin.
    #[must_use]
    pub fn begin(&self, request: RequestView, request_id: String, now: UnixMillis) -> Step<Decision> {
        let shared = self.shared.clone();
        machine::start(now, move |io| async move { shared.decide(&io, &request, request_id).await })
    }
}

/// What the gate asks of the session room: Clerk's behaviour, pinned to this instance.
fn options_of(settings: &Settings) -> AuthenticateOptions {
    let instance = &settings.instance;
    let mut issuer = vec![format!("https://{}", instance.frontend_api)];
    issuer.extend(instance.proxy_url.iter().filter(|url| url.starts_with("http")).cloned());
    AuthenticateOptions {
        publishable_key: instance.publishable_key.clone(),
        secret_key: instance.secret_key.clone(),
        secret_key_optional: true,
        jwt_key: instance.jwt_key.clone(),
        api_url: instance.api_url.clone(),
        proxy_url: instance.proxy_url.clone(),
        authorized_parties: settings.authorized_parties.clone(),
        issuer,
        authorized_party_patterns: true,
        missing_azp: settings.missing_azp,
        key_set_attempts: limits::GATE_KEY_SET_ATTEMPTS,
        // At the edge the URL is the public one; what a client says in X-Forwarded-Host is not.
        forwarded_headers: false,
        sign_in_url: settings.sign_in_url.clone(),
        sign_up_url: settings.sign_up_url.clone(),
        ..AuthenticateOptions::default()
    }
}

impl Shared {
    async fn decide(&self, io: &Io, request: &RequestView, request_id: String) -> Decision {
        let target = match path::judge(&request.url, &self.settings.path) {
            Ok(target) => target,
            Err(ambiguity) => return unjudged(request, ambiguity.kind(), ambiguity.to_string()),
        };
        if self.settings.instance.is_local() && !is_loopback_host(target.host()) {
            let message = "the Clerk addresses are this machine's own, so only requests to this machine are served";
            return own(Refusal::Misconfigured.problem("development-settings"), "development-settings", message);
        }
        if target.readings().iter().any(|reading| endpoint::is_own(&reading.path)) {
            return own(Refusal::NotFound.problem("no-such-endpoint"), "no-such-endpoint", "");
        }
        let demand = self.settings.policy.demand_for(&request.method, &target);
        let state = match self.authenticator.authenticate(io, request).await {
            Ok(state) => state,
            // No keys to check it with: no fault of the token, nor of the settings.
            Err(AuthenticateError::Handshake(error)) if error.is_unknown() => RequestState::unchecked(&error),
            Err(error) => {
                let mut decision = own(Refusal::Misconfigured.problem("unexpected-error"), "unexpected-error", "");
                decision.message = error.to_string();
                return decision;
            }
        };
        Deciding { settings: &self.settings, request, target: &target, demand, request_id }.decide(state)
    }
}

/// Scheme and authority of the request, as the client used them.
fn public_origin(target: &JudgedTarget) -> String {
    format!("{}://{}", target.scheme(), target.host())
}

fn own(answer: Answer, reason: &str, message: &str) -> Decision {
    Decision {
        action: Action::Answer(answer),
        reason: reason.to_owned(),
        message: message.to_owned(),
        access: None,
        rule: None,
        auth: Auth::default(),
        response_headers: Vec::new(),
        is_private: false,
    }
}

fn unjudged(request: &RequestView, kind: &str, message: String) -> Decision {
    let answer = if is_document(request) { Refusal::BadRequest.page() } else { Refusal::BadRequest.problem(kind) };
    let mut decision = own(answer, kind, "");
    decision.message = message;
    decision
}

/// Whether a browser asks for a page: by `Sec-Fetch-Dest`, and where that is absent by `Accept`.
///
/// Source: `isRequestEligibleForHandshake` in `@clerk/backend`.
fn is_document(request: &RequestView) -> bool {
    match request.header(HeaderName::SecFetchDest) {
        Some(destination) => destination == "document" || destination == "iframe",
        None => request.header(HeaderName::Accept).is_some_and(|accept| accept.starts_with("text/html")),
    }
}

/// Everything that is known once the session is: what remains is one row and one column of the decision table.
struct Deciding<'a> {
    settings: &'a Settings,
    request: &'a RequestView,
    target: &'a JudgedTarget,
    demand: Demand,
    request_id: String,
}

impl Deciding<'_> {
    fn decide(self, state: RequestState) -> Decision {
        // A look at a header costs a crossing into the host, so it is made only where the answer depends on it.
        let is_document = || !self.demand.is_api && is_document(self.request);
        let is_public = self.demand.access == Access::Public;
        let reason = state.reason.as_ref().map(ToString::to_string);

        // Clerk answers by a redirect of its own: a handshake to begin, or one that has ended and cleans the address bar. One that
        // could not be taken in has not ended: sent to the cleaned address, the browser would begin another, and so on.
        let location =
            state.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location")).map(|(_, value)| value.clone());
        if let Some(location) = location.filter(|_| !state.unknown && (state.status == Status::SignedIn || is_document())) {
            let reason = reason.unwrap_or_else(|| "handshake-resolved".to_owned());
            let answer = answer::redirect(&self.request.method, location);
            return self.finish(Action::Answer(answer), reason, state);
        }
        if is_public {
            return self.forward("public", state);
        }
        if state.unknown {
            let reason = reason.unwrap_or_else(|| "cannot-tell".to_owned());
            let answer = if is_document() { Refusal::CannotTell.page() } else { Refusal::CannotTell.problem(&reason) };
            return self.finish(Action::Answer(answer), reason, state);
        }
        if state.auth.user_id().is_none() {
            let reason = reason.unwrap_or_else(|| "signed-out".to_owned());
            let answer = if is_document() {
                answer::redirect(&self.request.method, redirect::sign_in(self.settings, self.target))
            } else {
                Refusal::SignInRequired.problem(&reason)
            };
            return self.finish(Action::Answer(answer), reason, state);
        }
        let is_met = self
            .demand
            .sources
            .iter()
            .all(|source| self.settings.policy.requirements_of(*source).all(|requirement| requirement.is_met(&state.auth)));
        if is_met {
            return self.forward("allowed", state);
        }
        let reason = "requirement-not-met".to_owned();
        let answer = match redirect::unauthorized(self.settings, self.target).filter(|_| is_document()) {
            Some(location) => answer::redirect(&self.request.method, location),
            None if is_document() => Refusal::Forbidden.page(),
            None => Refusal::Forbidden.problem(&reason),
        };
        self.finish(Action::Answer(answer), reason, state)
    }

    fn forward(self, reason: &str, state: RequestState) -> Decision {
        let headers = identity::headers(self.settings, self.target, &self.request_id, &state);
        let forward = Forward { target: self.target.forward_target(), public_origin: public_origin(self.target), headers };
        self.finish(Action::Forward(forward), reason.to_owned(), state)
    }

    fn finish(self, action: Action, reason: String, state: RequestState) -> Decision {
        let had_credential = state.status != Status::SignedOut || state.token.is_some() || self.demand.access != Access::Public;
        Decision {
            action,
            reason,
            message: state.message,
            access: Some(self.demand.access),
            rule: Some(self.settings.policy.name_of(self.demand.source)),
            auth: state.auth,
            response_headers: state.headers.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).collect(),
            is_private: had_credential,
        }
    }
}
