//! The gate: policy and session to one [`Decision`].
//!
//! ```text
//! RequestView ─► path::judge ─► policy.demand_for ─► session.authenticate ─► authorize ─► Decision
//!                  │ cannot be judged: 400              │ needs the host: Step::Need        ▲
//!                  └────────────────────────────────────┴───────────────────────────────────┘
//! ```
//! [`Gate::begin`] is the only door in, [`Suspended::resume`](crate::machine::Suspended::resume) the only way back.

mod action_redirect;
mod answer;
mod assertion;
mod bounce;
mod came_from;
mod csrf;
mod decision;
mod endpoint;
mod explain;
mod fresh;
mod identity;
mod judged;
mod pages;
mod proxy;
mod rate_limit;
mod ready;
mod record;
mod redirect;
mod shadow;
mod webhook;

use std::{borrow::Cow, rc::Rc, time::Duration};

use self::judged::{Judged, Judgements};
pub use self::{
    action_redirect::{ACTION_METHOD, ACTION_REDIRECT, KEPT_WITHOUT_PAGE},
    answer::{HTML, OWN_ANSWER_HEADERS, Refusal},
    decision::{Action, Answer, Decision, Event, Forward, Trial},
    endpoint::Endpoint,
    explain::{ExplainedCheck, ExplainedReading, ExplainedRequirement, ExplainedSource, ExplainedToken, Explanation, Outcome},
    proxy::Proxied,
    ready::not_configured,
    record::{Level, Record, is_logged, plain_line, server_timing},
    webhook::signed_out,
};
use crate::{
    fresh::Freshness,
    limits,
    machine::{self, Io, Step, rare},
    path::JudgedTarget,
    policy::{Access, Demand, Source, is_refused_method},
    reason::{self, Reason},
    request::{HeaderName, RequestView},
    session::{
        AcceptsToken, Auth, AuthenticateError, AuthenticateOptions, Authenticator, OtherIssuers, RequestState, Status, TokenType,
    },
    settings::{Environment, Per, Settings, is_loopback_host},
    table::SettingError,
    text,
    time::UnixMillis,
    token::KeySetCache,
};

/// A gate for one instance and one policy. Cheap to clone; clones share the key set.
#[derive(Clone)]
pub struct Gate {
    shared: Rc<Shared>,
}

/// Sets of token kinds, and who takes them.
type MachineAuthenticators = Vec<(Vec<TokenType>, Rc<Authenticator>)>;

struct Shared {
    settings: Settings,
    /// For session tokens, which is all that most policies take.
    authenticator: Rc<Authenticator>,
    /// For each other set of token kinds that a rule takes.
    machine_authenticators: MachineAuthenticators,
    /// Who is asked for rules with `fresh`; `None`: what tokens say is taken for fresh.
    freshness: Option<Freshness>,
    /// The URLs that were asked for before.
    judgements: Judgements,
}

impl Gate {
    /// Reads the settings and makes a gate.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the settings.
    pub fn new(environment: Environment) -> Result<Self, Vec<SettingError>> {
        let settings = Settings::read(environment)?;
        let keys = Rc::new(KeySetCache::default());
        let machine_authenticators =
            if settings.policy.takes_only_sessions() { Vec::new() } else { machine_authenticators(&settings, &keys)? };
        let authenticator = authenticator(&settings, AcceptsToken::default(), &keys)?;
        let freshness = Some(Freshness::new(authenticator.backend().clone(), settings.has_mirror()));
        Ok(Self {
            shared: Rc::new(Shared {
                settings,
                authenticator,
                machine_authenticators,
                freshness,
                judgements: Judgements::default(),
            }),
        })
    }

    /// The same gate, but what tokens say is taken for fresh: for trying a policy where nobody can be asked.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn taking_tokens_for_fresh(environment: Environment) -> Result<Self, Vec<SettingError>> {
        let mut gate = Self::new(environment)?;
        if let Some(shared) = Rc::get_mut(&mut gate.shared) {
            shared.freshness = None;
        }
        Ok(gate)
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

    /// Decides as part of a larger run of the machine. Awaits nothing but `io`.
    pub async fn decide(&self, io: &Io, request: &RequestView, request_id: String) -> Decision {
        self.shared.decide(io, request, request_id).await
    }
}

/// One for each set of token kinds that a rule takes, but for session tokens alone.
#[inline(never)]
fn machine_authenticators(settings: &Settings, keys: &Rc<KeySetCache>) -> Result<MachineAuthenticators, Vec<SettingError>> {
    let mut authenticators = MachineAuthenticators::new();
    for source in settings.policy.sources_with_requirements() {
        let tokens = settings.policy.tokens_of(source);
        if *tokens != [TokenType::SessionToken] && authenticators.iter().all(|(known, _)| **known != *tokens) {
            let accepts = match &*tokens {
                [one] => AcceptsToken::one(*one),
                several => AcceptsToken::list(several.to_vec()),
            };
            authenticators.push((tokens.into_owned(), authenticator(settings, accepts, keys)?));
        }
    }
    Ok(authenticators)
}

fn authenticator(
    settings: &Settings,
    accepts_token: AcceptsToken,
    keys: &Rc<KeySetCache>,
) -> Result<Rc<Authenticator>, Vec<SettingError>> {
    let mut options = options_of(settings);
    options.accepts_token = accepts_token;
    Authenticator::sharing(options, keys.clone()).map(Rc::new).map_err(|error| {
        vec![SettingError::conflict("PORTCULLIS", &error.to_string(), "see the Clerk settings in docs/settings.md")]
    })
}

/// What the gate asks of the session room: Clerk's behaviour, pinned to this instance.
fn options_of(settings: &Settings) -> AuthenticateOptions {
    let instance = &settings.instance;
    AuthenticateOptions {
        publishable_key: instance.publishable_key.clone(),
        secret_key: instance.secret_key.clone(),
        secret_key_optional: true,
        jwt_key: instance.jwt_key.clone(),
        api_url: instance.api_url.clone(),
        proxy_url: instance.proxy_url.clone(),
        authorized_parties: settings.authorized_parties.clone(),
        issuer: instance.issuers(&settings.authorized_parties),
        issuers: OtherIssuers::of(settings.issuers.clone()),
        authorized_party_patterns: true,
        missing_azp: settings.missing_azp,
        token_cache: settings.token_cache,
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
        let decision = self.decide_unsigned(io, request, request_id).await;
        match &self.settings.signing_keys {
            Some(keys) => rare(assertion::sign(io, keys, &self.settings, request, decision)).await,
            None => decision,
        }
    }

    async fn decide_unsigned(&self, io: &Io, request: &RequestView, request_id: String) -> Decision {
        let judged = match self.judgements.of(&self.settings, request) {
            Ok(judged) => judged,
            Err(ambiguity) => return unjudged(request, ambiguity.kind(), ambiguity.to_string()),
        };
        let target = &judged.target;
        if self.settings.is_local() && !is_loopback_host(target.host()) {
            let message = "an address in the settings is this machine's own, so only requests to this machine are served";
            return own(Refusal::Misconfigured.problem(reason::DEVELOPMENT_SETTINGS), reason::DEVELOPMENT_SETTINGS, message);
        }
        if judged.endpoint == Some(Endpoint::Ready) && matches!(&*request.method, "GET" | "HEAD") {
            return rare(ready::decide(io, &self.authenticator)).await;
        }
        if let Some(keys) = &self.settings.signing_keys
            && judged.endpoint == Some(Endpoint::Keys)
            && matches!(&*request.method, "GET" | "HEAD")
        {
            return Decision { event: Event::Answered, ..own(assertion::key_set(keys), reason::KEY_SET, "") };
        }
        if judged.is_own {
            return own(Refusal::NotFound.problem(reason::NO_SUCH_ENDPOINT), reason::NO_SUCH_ENDPOINT, "");
        }
        if let Some(decision) = self.receive(request, target, &request_id) {
            return decision;
        }
        if is_refused_method(&request.method) {
            return own(Refusal::MethodRefused.problem(reason::METHOD_REFUSED), reason::METHOD_REFUSED, "");
        }
        // From here on there is one URL: the judged one.
        let rewritten;
        let request = match &judged.rewritten {
            None => request,
            Some(url) => {
                rewritten = RequestView { url: url.clone(), ..request.clone() };
                &rewritten
            }
        };
        let limits = &*self.settings.rate_limits;
        let mut taken = Duration::ZERO;
        let over = match limits {
            [] => None,
            _ => rare(rate_limit::exceeded(io, limits, Per::Client, request, target, None, &mut taken)).await,
        };
        let is_enforced = self.settings.enforce;
        let refused = |limit| rate_limit::refuse(limit, request, judged.demand.is_api);
        if let Some(limit) = over.filter(|_| is_enforced) {
            return refused(limit);
        }
        let decision = match self.proxy(request, target) {
            Some(decision) => decision,
            None => self.decide_by_policy(io, request, &judged, &request_id).await,
        };
        if limits.is_empty() {
            return decision;
        }
        let over_as_user = match decision.action {
            Action::Forward(_) => {
                let user = decision.auth.user_key();
                rare(rate_limit::exceeded(io, limits, Per::User, request, target, user.as_deref(), &mut taken)).await
            }
            Action::Webhook(_) | Action::Answer(_) => None,
        };
        match over.or(over_as_user) {
            Some(limit) => rate_limit::overrule(decision, refused(limit), is_enforced),
            None => decision,
        }
    }

    async fn decide_by_policy(&self, io: &Io, request: &RequestView, judged: &Judged, request_id: &str) -> Decision {
        let deciding = |demand| self.deciding(request, judged, demand, request_id);
        let deciding = match &judged.enforced {
            Some(enforced) if self.settings.enforce => {
                return rare(shadow::with_rules(io, &deciding(&judged.demand), &deciding(enforced))).await;
            }
            _ => deciding(&judged.demand),
        };
        let checked = deciding.check(io).await;
        if self.settings.enforce {
            deciding.conclude(io, checked).await
        } else {
            rare(shadow::whole_gate(io, &deciding, checked)).await
        }
    }
}

impl Shared {
    fn deciding<'a>(
        &'a self,
        request: &'a RequestView,
        judged: &'a Judged,
        demand: &'a Demand,
        request_id: &'a str,
    ) -> Deciding<'a> {
        let tokens = self.settings.policy.tokens_of(demand.source);
        Deciding {
            settings: &self.settings,
            authenticator: self.authenticator_of(&tokens),
            freshness: self.freshness.as_ref(),
            request,
            judged,
            target: &judged.target,
            demand,
            tokens,
            request_id,
        }
    }

    /// The authenticator for these kinds of token.
    fn authenticator_of(&self, tokens: &[TokenType]) -> &Rc<Authenticator> {
        let of_kinds = self.machine_authenticators.iter().find(|(kinds, _)| **kinds == *tokens);
        of_kinds.map_or(&self.authenticator, |(_, authenticator)| authenticator)
    }
}

/// Scheme and authority of the request, as the client used them.
fn public_origin(target: &JudgedTarget) -> String {
    [target.scheme(), "://", target.host()].concat()
}

/// A decision of the gate itself: nobody was looked at, and no policy.
#[inline(never)]
pub(crate) fn own(answer: Answer, reason: &str, message: &str) -> Decision {
    Decision {
        action: Action::Answer(answer),
        event: Event::Denied,
        trial: None,
        reason: reason.to_owned().into(),
        message: message.to_owned(),
        access: None,
        rule: None,
        auth: Auth::default(),
        token: None,
        response_headers: Vec::new(),
        is_private: false,
        is_azp_missing: false,
    }
}

/// What a refusal outside of any policy is answered with: a page for people, a problem document for programs.
#[must_use]
#[inline(never)]
pub fn refuse(request: &RequestView, refusal: Refusal, reason: &str) -> Answer {
    if is_document(request) { refusal.page(reason) } else { refusal.problem(reason) }
}

#[inline(never)]
fn unjudged(request: &RequestView, kind: &str, message: String) -> Decision {
    let mut decision = own(refuse(request, Refusal::BadRequest, kind), kind, "");
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
    authenticator: &'a Rc<Authenticator>,
    freshness: Option<&'a Freshness>,
    request: &'a RequestView,
    judged: &'a Judged,
    target: &'a JudgedTarget,
    /// What is asked for: all of the policy, or what of it is enforced.
    demand: &'a Demand,
    /// The kinds of token that the path takes.
    tokens: Cow<'static, [TokenType]>,
    request_id: &'a str,
}

/// A check of the request, or what is answered where it cannot be made.
type Checked = Result<RequestState, Box<Decision>>;

impl Deciding<'_> {
    /// Who asks.
    async fn check(&self, io: &Io) -> Checked {
        match self.authenticator.authenticate(io, self.request).await {
            Ok(state) => Ok(*state),
            // No keys to check it with: no fault of the token, nor of the settings.
            Err(AuthenticateError::Handshake(error)) if error.is_unknown() => Ok(*RequestState::unchecked(&error)),
            // Made by somebody else than the instance, or for another one: the address is of no use, whatever the path.
            Err(AuthenticateError::Handshake(error)) => {
                Err(Box::new(unjudged(self.request, &error.reason().as_str(), error.to_string())))
            }
            Err(error) => {
                let reason = Reason::UnexpectedError.as_str();
                let mut decision = own(refuse(self.request, Refusal::Misconfigured, &reason), &reason, "");
                decision.message = error.to_string();
                Err(Box::new(decision))
            }
        }
    }

    async fn conclude(&self, io: &Io, checked: Checked) -> Decision {
        match checked {
            Ok(state) => {
                let (state, changed) = self.refreshed(io, state).await;
                self.decide(state, changed, io.now())
            }
            Err(decision) => *decision,
        }
    }

    /// `changed`: why somebody who is signed in is refused although the token meets all that is required.
    fn decide(&self, mut state: RequestState, changed: Option<Reason>, now: UnixMillis) -> Decision {
        // A look at a header costs a crossing into the host, so it is made only where the answer depends on it.
        let takes_sessions = self.tokens.contains(&TokenType::SessionToken);
        let is_document = || takes_sessions && !self.demand.is_api && is_document(self.request);
        let is_public = self.demand.access == Access::Public;
        let found = state.reason.as_ref().map(Reason::as_str);
        let reason_or = |other: &'static str| found.clone().unwrap_or(Cow::Borrowed(other));

        // Clerk answers by a redirect of its own: a handshake to begin, or one that has ended and cleans the address bar. One that
        // could not be taken in has not ended: sent to the cleaned address, the browser would begin another, and so on.
        let location = state.headers.iter().find(|(name, _)| *name == "location").map(|(_, value)| value.clone().into_owned());
        if let Some(shown) = self.shows_cookies().filter(|_| is_document()) {
            match shown {
                Ok(location) => {
                    let answer = answer::redirect(&self.request.method, location);
                    return self.finish(Event::Handshake, Action::Answer(answer), reason::HANDSHAKE_RESOLVED.into(), state);
                }
                Err(_) if is_public => return self.forward(reason::PUBLIC, state),
                Err((answer, reason, message)) => {
                    let state = RequestState { message, ..state };
                    return self.finish(Event::Denied, Action::Answer(answer), reason.into(), state);
                }
            }
        }
        if let Some(location) = location.filter(|_| !state.unknown && (state.status == Status::SignedIn || is_document())) {
            let reason = reason_or(reason::HANDSHAKE_RESOLVED);
            let had_session =
                || self.request.header(HeaderName::Cookie).is_some_and(|cookies| text::contains(cookies, "__session"));
            let event = if state.status == Status::SignedOut && had_session() { Event::SignOut } else { Event::Handshake };
            let location = self.follow_handshake(location, &mut state);
            let answer = answer::redirect(&self.request.method, location);
            return self.finish(event, Action::Answer(answer), reason, state);
        }
        if let Some(message) = self.foreign_page(&state) {
            let reason = Cow::Borrowed(reason::CROSS_SITE_REQUEST);
            let refusal = Refusal::CrossSite;
            let answer = if is_document() { refusal.page(&reason) } else { refusal.problem(&reason) };
            return self.finish(Event::Denied, Action::Answer(answer), reason, RequestState { message, ..state });
        }
        if is_public {
            return self.forward(reason::PUBLIC, state);
        }
        if state.unknown {
            let reason = reason_or(reason::CANNOT_TELL);
            let answer = if is_document() { Refusal::CannotTell.page(&reason) } else { Refusal::CannotTell.problem(&reason) };
            return self.finish(Event::Denied, Action::Answer(answer), reason, state);
        }
        if !state.auth.is_authenticated() {
            let reason = reason_or(reason::SIGNED_OUT);
            let in_circles = if is_document() { self.explain_loop(&reason, &mut state) } else { None };
            if let Some((answer, reason)) = in_circles {
                return self.finish(Event::Denied, Action::Answer(answer), reason.into(), state);
            }
            let sign_in = || {
                let pages = self.authenticator.redirects(self.request, &state.auth, now)?;
                pages.to_sign_in(Some(&self.request.url))
            };
            let (event, answer) = match is_document().then(sign_in).flatten() {
                Some(page) => (Event::SignIn, answer::redirect(&self.request.method, page)),
                None if is_document() => {
                    let target = self.target.forward_target();
                    (Event::Denied, Refusal::SignInRequired.page_leading_to(&reason, Some(&target)))
                }
                None => (Event::Denied, self.challenge(&reason)),
            };
            return self.finish(event, Action::Answer(answer), reason, state);
        }
        if changed.is_none() && self.is_met(&state) {
            return self.forward(reason::ALLOWED, state);
        }
        let reason = changed.map_or(Cow::Borrowed(reason::REQUIREMENT_NOT_MET), |changed| changed.as_str());
        let answer = match redirect::unauthorized(self.settings, self.target).filter(|_| is_document()) {
            Some(location) => answer::redirect(&self.request.method, location),
            None if is_document() => Refusal::Forbidden.page(&reason),
            None => Refusal::Forbidden.problem(&reason),
        };
        self.finish(Event::Denied, Action::Answer(answer), reason, state)
    }

    /// Whether the token meets what every source requires.
    fn is_met(&self, state: &RequestState) -> bool {
        self.demand.sources.iter().all(|source| self.meets(*source, self.target, state))
    }

    fn meets(&self, source: Source, target: &JudgedTarget, state: &RequestState) -> bool {
        let policy = &self.settings.policy;
        // What is open to everybody is open to machines.
        let is_open = policy.access_of(source) == Access::Public;
        let takes_it = is_open || state.token_type.is_some_and(|kind| policy.tokens_of(source).contains(&kind));
        takes_it
            && policy.requirements_of(source).all(|requirement| requirement.is_met(&state.auth))
            && policy.ties_of(source).iter().all(|tie| policy.has_tie(source, tie, target, &state.auth))
    }

    /// Whose page a forged request came from. Where nobody can tell whether its cookies are a session, the app may be able to.
    fn foreign_page(&self, state: &RequestState) -> Option<String> {
        let may_be_a_session = state.from_cookies && (state.is_authenticated() || state.unknown);
        let is_looked_at = may_be_a_session && self.refuses_foreign_pages();
        if is_looked_at { csrf::foreign_page(self.request, self.target, self.authenticator) } else { None }
    }

    fn refuses_foreign_pages(&self) -> bool {
        let policy = &self.settings.policy;
        let by_default = |source| self.settings.csrf && policy.access_of(source) != Access::Public;
        self.demand.sources.iter().any(|source| policy.csrf_of(*source).unwrap_or_else(|| by_default(*source)))
    }

    /// A 401. Where OAuth tokens are taken it says where to learn how to get one (RFC 9728 section 5.1), as Clerk's middleware does.
    #[inline(never)]
    fn challenge(&self, reason: &str) -> Answer {
        let mut answer = Refusal::SignInRequired.problem(reason);
        if self.tokens.contains(&TokenType::OauthToken) {
            let metadata =
                format!("Bearer resource_metadata=\"{}/.well-known/oauth-protected-resource\"", public_origin(self.target));
            for (_, value) in answer.headers.iter_mut().filter(|(name, _)| *name == "www-authenticate") {
                value.clone_from(&metadata);
            }
        }
        answer
    }

    fn forward(&self, reason: &'static str, state: RequestState) -> Decision {
        let mut headers = identity::headers(self.settings, self.target, self.request_id, &state);
        headers.extend(self.came_from(&state));
        let Judged { forwarded, origin, .. } = self.judged;
        let forward = Forward { target: forwarded.clone(), public_origin: origin.clone(), headers, proxied: None };
        self.finish(Event::Forwarded, Action::Forward(forward), reason.into(), state)
    }

    fn finish(&self, event: Event, action: Action, reason: Cow<'static, str>, state: RequestState) -> Decision {
        // A handshake that does not begin, since nobody can tell whether it should, is not counted.
        let has_cookies = !(state.unknown && state.status == Status::Handshake);
        let cookies = state.headers.into_iter().filter(|(name, _)| has_cookies && *name == "set-cookie");
        let cookies: Vec<_> = cookies.collect();
        // A credential that is bad or could not be checked is one, too: the origin may look at it by itself.
        let had_credential = state.status != Status::SignedOut
            || state.unknown
            || state.token.is_some()
            || self.demand.access != Access::Public
            || !state.reason.as_ref().is_none_or(Reason::is_without_token);
        Decision {
            action,
            event,
            trial: None,
            reason,
            message: state.message,
            access: Some(self.demand.access),
            rule: Some(self.settings.policy.name_of(self.demand.source)),
            auth: state.auth,
            token: state.token,
            // Cookies that end a session are one browser's, too.
            is_private: had_credential || !cookies.is_empty(),
            response_headers: cookies,
            is_azp_missing: state.azp_missing,
        }
    }
}
