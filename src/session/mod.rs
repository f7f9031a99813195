//! Clerk's session states: what a request's token and cookies say about who it is from.
//!
//! [`Authenticator::authenticate`] is `authenticateRequest`: same options, same order, same reasons, same headers. It awaits
//! nothing but [`Io`]. Where it deliberately answers otherwise than Clerk's library stands in `docs/differences.md`.
//!
//! ```text
//! Authorization header ──► token ──► signed in | signed out | handshake (expired, on a document)
//! cookies ──► handshake result? ──► satellite? ──► dev browser? ──► token and client_uat agree? ──► token ──► …
//!                 │                                                                                   │ expired
//!                 └──► signed in | signed out                                              refresh ◄──┘──► handshake
//! ```
//!
//! Source: `authenticateRequest` in `@clerk/backend`.

use std::{cell::OnceCell, rc::Rc};

use crate::{
    key::{Algorithm, VerificationKey},
    machine::{Io, Purpose},
    request::RequestView,
    text,
    text::ByAny as _,
    time::UnixMillis,
    token::{
        AuthorizedParty, CompactJws, KeySetCache, KeySetError, KeySource, Leniency, RemoteKeys, SeenTokens, TokenError, Verified,
        VerifyOptions, verify,
    },
};

mod accepts_token;
mod auth;
mod backend;
mod context;
mod cookies;
mod cross_origin;
mod error;
mod flow;
mod handshake;
mod has;
mod issuer;
mod machine;
mod options;
mod organization;
mod proxy;
mod public_url;
mod publishable_key;
mod redirect;
mod refresh;
mod satellite;
mod scopes;
mod state;

pub use accepts_token::AcceptsToken;
pub use auth::{Auth, HasParams, Level, Reverification};
pub use error::AuthenticateError;
pub use has::CheckedFacts;
pub use issuer::{IssuerOptions, OtherIssuers};
pub use machine::MachineAuth;
pub use options::{AuthenticateOptions, OptionsError};
pub use organization::OrganizationSync;
pub use proxy::{VercelEnvironment, auto_proxy_path};
pub use publishable_key::{InstanceType, PublishableKey, cookie_suffix};
pub use redirect::Redirects;
pub use satellite::Satellite;
pub use state::{RequestState, Status, TokenType};

pub use crate::token::MissingAzp;

use accepts_token::Accepts;
pub(crate) use backend::Backend;
use context::Context;
use issuer::{Issuer, Issuers};
use machine::MachineOptions;

/// Checks requests against one Clerk instance; holds its key set.
///
/// One serves any number of suspended requests at once: what they share is borrowed only between two waits.
pub struct Authenticator {
    settings: Settings,
}

/// The options, made ready.
struct Settings {
    options: AuthenticateOptions,
    /// `None` where only the `Authorization` header counts.
    instance: Option<Instance>,
    backend: Backend,
    verifier: TokenVerifier,
    /// What JWTs of machines are checked against; made for the first one.
    machine_options: OnceCell<Box<MachineOptions>>,
    /// `None` where only Clerk's tokens are taken.
    issuers: Option<Rc<dyn Issuers>>,
}

/// What the publishable key says, made ready.
struct Instance {
    key: PublishableKey,
    cookie_suffix: String,
    /// The Frontend API that issues the tokens: a production satellite's own, else the instance's; never the proxy.
    issuing_api: String,
}

impl Instance {
    fn new(options: &AuthenticateOptions, cookie_suffix: String) -> Result<Self, OptionsError> {
        if options.publishable_key.is_empty() {
            return Err(OptionsError::PublishableKeyMissing);
        }
        let key = PublishableKey::parse(&options.publishable_key).ok_or(OptionsError::PublishableKeyInvalid)?;
        let of_satellite = options.satellite.rules().and_then(|rules| rules.issuing_api(options, key.instance_type));
        let issuing_api = of_satellite.unwrap_or_else(|| key.frontend_api.clone());
        let proxy = options.proxy_url.as_deref().filter(|proxy| !proxy.is_empty());
        let frontend_api = proxy.filter(|proxy| !proxy.starts_with('/')).unwrap_or(&issuing_api);
        if !is_plain_host(frontend_api) {
            handshake::handshake_url(frontend_api).map_err(|_| OptionsError::FrontendApi)?;
        }
        Ok(Self { key, cookie_suffix, issuing_api })
    }
}

/// Whether a text is a host without a closer look: a name in lower case that is no number, and no address. Nearly every one is, and
/// then the first request does without reading URLs.
fn is_plain_host(text: &str) -> bool {
    let last = text.rcut(b".").map_or(text, |(_, last)| last);
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    text::is_all(text, is_plain)
        && !last.is_empty()
        && text::is_all(last, |byte| byte.is_ascii_lowercase())
        && !text.starts_with("http")
}

impl Settings {
    fn instance_type(&self) -> InstanceType {
        self.instance.as_ref().map_or(InstanceType::Production, |instance| instance.key.instance_type)
    }

    fn issuing_api(&self) -> &str {
        self.instance.as_ref().map_or("", |instance| &instance.issuing_api)
    }

    fn cookie_suffix(&self) -> &str {
        self.instance.as_ref().map_or("", |instance| &instance.cookie_suffix)
    }

    fn issuers(&self) -> &[Issuer] {
        self.issuers.as_ref().map_or(&[], |issuers| issuers.all())
    }
}

/// Verifies tokens alone; `verifyToken`.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    keys: KeySource,
    options: VerifyOptions,
}

impl TokenVerifier {
    /// Makes one from those of the options that matter for a token, with a key-set cache of its own or a shared one.
    ///
    /// # Errors
    ///
    /// [`OptionsError::JwtKey`].
    pub fn new(options: &AuthenticateOptions, cache: Option<Rc<KeySetCache>>) -> Result<Self, OptionsError> {
        let given = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
        let keys = match (given(&options.jwt_key), given(&options.secret_key)) {
            (Some(pem), _) => KeySource::Pem(VerificationKey::parse_pem(&pem)?),
            (None, Some(_)) => KeySource::Remote(RemoteKeys {
                request: Backend::new(options).versioned(Purpose::KeySet, "/jwks", &[], None),
                cache: cache.unwrap_or_default(),
                skip_cache: options.skip_jwks_cache,
                attempts: options.key_set_attempts,
            }),
            (None, None) => KeySource::None,
        };
        let mut authorized_parties = Vec::new();
        for party in &options.authorized_parties {
            authorized_parties.push(AuthorizedParty::parse(party, options.authorized_party_patterns));
        }
        Ok(Self {
            keys,
            options: VerifyOptions {
                audience: options.audience.clone(),
                authorized_parties,
                issuer: options.issuer.clone(),
                clock_skew: options.clock_skew,
                header_type: options.header_type.clone(),
                type_is_optional: false,
                algorithms: Algorithm::OF_CLERK[..].into(),
                seen: Rc::new(SeenTokens::new(options.token_cache)),
            },
        })
    }

    /// Verifies a session token; `verifyToken`.
    ///
    /// # Errors
    ///
    /// The first [`TokenError`] in the order of [`verify`].
    pub async fn verify_token(&self, io: &Io, token: &str) -> Verified {
        let seen = &self.options.seen;
        let jws = match seen.decoded(token) {
            Some(jws) => jws,
            None => CompactJws::decode_like(&token.into(), seen.last().as_deref())?,
        };
        self.verify(io, &jws, Leniency::default()).await
    }

    async fn verify(&self, io: &Io, jws: &Rc<CompactJws>, leniency: Leniency) -> Verified {
        verify::verify_session_token(io, jws, &self.keys, &self.options, leniency).await
    }
}

impl Authenticator {
    /// Makes one, with a key-set cache of its own.
    ///
    /// # Errors
    ///
    /// [`OptionsError`], the first in Clerk's order.
    pub fn new(options: AuthenticateOptions) -> Result<Self, OptionsError> {
        Self::sharing(options, Rc::default())
    }

    /// Makes one that shares its key-set cache with others of the same instance.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn sharing(options: AuthenticateOptions, cache: Rc<KeySetCache>) -> Result<Self, OptionsError> {
        let suffix = cookie_suffix(&options.publishable_key);
        Self::with_suffix(options, cache, suffix)
    }

    /// The same, for a host that has the [`cookie_suffix`] already: then SHA-1 is no part of its binary.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_suffix(
        options: AuthenticateOptions,
        cache: Rc<KeySetCache>,
        cookie_suffix: String,
    ) -> Result<Self, OptionsError> {
        let is_without_clerk = options.publishable_key.is_empty() && !options.issuers.is_empty();
        let others = options.accepts_token.others();
        let is_bare = is_without_clerk || others.is_some_and(Accepts::is_header_only);
        let instance = if is_bare { None } else { Some(Instance::new(&options, cookie_suffix)?) };
        // Where nothing of Clerk's is asked for, nothing is missing.
        if !is_without_clerk {
            match others {
                Some(others) => others.check_keys(&options)?,
                None => options.check_keys()?,
            }
        }
        options.organization_sync.check()?;
        let verifier = TokenVerifier::new(&options, Some(cache))?;
        let issuers = options.issuers.ready(options.clock_skew, &verifier.options.seen);
        Ok(Self {
            settings: Settings {
                machine_options: OnceCell::new(),
                backend: Backend::new(&options),
                instance,
                verifier,
                issuers,
                options,
            },
        })
    }

    /// The Backend API that it asks.
    pub(crate) fn backend(&self) -> &Backend {
        &self.settings.backend
    }

    /// What the publishable key says.
    #[must_use]
    pub fn publishable_key(&self) -> Option<&PublishableKey> {
        self.settings.instance.as_ref().map(|instance| &instance.key)
    }

    /// Whether a web origin (`https://host[:port]`) is one of the authorized parties.
    #[must_use]
    pub fn is_authorized_party(&self, url_origin: &str) -> bool {
        self.settings.verifier.options.authorized_parties.iter().any(|party| party.is_met_by(url_origin))
    }

    /// Makes sure that there is a fresh key set (or a PEM key) to verify with; for a host's readiness.
    ///
    /// # Errors
    ///
    /// [`KeySetError`] where there is none; a stale one that bridges an outage counts as none.
    pub async fn check_keys(&self, io: &Io) -> Result<(), KeySetError> {
        for keys in self.key_sources() {
            if let KeySource::Remote(remote) = keys {
                remote.check(io).await?;
            }
        }
        Ok(())
    }

    /// Where the keys of all whose tokens are taken come from.
    fn key_sources(&self) -> impl Iterator<Item = &KeySource> {
        let of_clerk = self.settings.instance.is_some().then_some(&self.settings.verifier.keys);
        of_clerk.into_iter().chain(self.settings.issuers().iter().map(Issuer::keys))
    }

    /// Whether keys come from the Backend API or another issuer, and not from the settings alone.
    #[must_use]
    pub fn fetches_keys(&self) -> bool {
        self.key_sources().any(|keys| matches!(keys, KeySource::Remote(_)))
    }

    /// Whether there are keys to verify with now, be it a stale set that bridges an outage.
    #[must_use]
    pub fn holds_keys(&self, now: UnixMillis) -> bool {
        self.key_sources().all(|keys| match keys {
            KeySource::Remote(remote) => remote.cache.is_usable(now),
            KeySource::Pem(_) => true,
            KeySource::None => false,
        })
    }

    /// The Frontend API's proxy as seen from a request: a path belongs to the request's public origin.
    #[must_use]
    pub fn proxy_url(&self, request: &RequestView) -> Option<String> {
        self.settings.options.proxy_url.as_ref().filter(|proxy| !proxy.is_empty())?;
        // The time is of no account for what is read here.
        Context::new(&self.settings, request, crate::time::UnixMillis(0)).frontend_api()
    }

    /// The pages for signing in and up, as seen from a request; `auth` is what its check gave. `None` where the request's URL is
    /// none.
    #[must_use]
    pub fn redirects(&self, request: &RequestView, auth: &Auth, now: UnixMillis) -> Option<Redirects> {
        let settings = &self.settings;
        let context = Context::new(settings, request, now);
        let is_development = settings.instance_type() == InstanceType::Development;
        Some(Redirects {
            base_url: context.public_url()?.clone(),
            frontend_api: self.publishable_key().map(|key| key.frontend_api.clone()).unwrap_or_default(),
            sign_in_url: settings.options.sign_in_url.clone(),
            sign_up_url: settings.options.sign_up_url.clone(),
            dev_browser: if is_development { context.cookies().dev_browser.clone() } else { None },
            is_pending: auth.session_status() == Some("pending"),
            is_satellite: settings.options.satellite.is_one(),
        })
    }

    /// Verifies a session token; `verifyToken`.
    ///
    /// # Errors
    ///
    /// As [`TokenVerifier::verify_token`].
    pub async fn verify_token(&self, io: &Io, token: &str) -> Verified {
        self.settings.verifier.verify_token(io, token).await
    }

    /// Verifies a session token by itself, for an operator who looks into it: by the keys and the settings of the issuer that it
    /// names, which is given beside what came of it; without one it is Clerk's to judge.
    pub async fn verify_alone(&self, io: &Io, token: &str) -> (Option<&str>, Verified) {
        if let Some(presented) = issuer::named_by(self.settings.issuers(), token) {
            return (Some(presented.issuer()), presented.verify_with_user(io).await);
        }
        let jws = match CompactJws::decode(&token.into()) {
            Ok(jws) => jws,
            Err(error) => return (None, Err(error.into())),
        };
        if self.settings.instance.is_none() {
            let found = verify::show(jws.unverified("iss"));
            return (None, Err(TokenError::Issuer { found, expected: self.settings.issuers().len() }.into()));
        }
        let missing_azp = self.settings.options.missing_azp == MissingAzp::Observe;
        let leniency = Leniency { missing_azp, clock_skew: None };
        (None, self.settings.verifier.verify(io, &jws, leniency).await)
    }

    /// Verifies the session token that a request carries, for an explanation: where it stands, and what came of it. `None`: there is
    /// none, or the one in the header is a machine's.
    pub async fn verify_carried(&self, io: &Io, request: &RequestView) -> Option<(&'static str, Verified)> {
        let context = Context::new(&self.settings, request, io.now());
        if let Some(presented) = issuer::in_authorization(self.settings.issuers(), &context) {
            return Some(("header", presented.verify(io).await));
        }
        if context.token_in_header().is_none()
            && let Some(presented) = issuer::ambient(self.settings.issuers(), &context).into_iter().next()
        {
            return Some(("cookie", presented.verify(io).await));
        }
        let (place, token, missing_azp) = match context.token_in_header() {
            Some(token) => ("header", std::rc::Rc::new(token), context.allows_missing_azp_of_header()),
            None => ("cookie", context.cookies().session.clone()?, context.allows_missing_azp_of_cookie()),
        };
        // Before it is taken apart: an opaque one is no JWT, and need not be.
        if place == "header" && machine::kind_of(&token.token, token.decoded().ok().map(|jws| &**jws)).is_some() {
            return None;
        }
        let jws = match token.decoded() {
            Ok(jws) => jws,
            Err(error) => return Some((place, Err(error))),
        };
        let leniency = Leniency { missing_azp, clock_skew: None };
        Some((place, self.settings.verifier.verify(io, jws, leniency).await))
    }

    /// The kind of the machine token in the header, for an explanation, and whether it is opaque: then the Backend API's to judge.
    #[must_use]
    pub fn machine_token_in(&self, request: &RequestView, now: UnixMillis) -> Option<(TokenType, bool)> {
        let token = Context::new(&self.settings, request, now).token_in_header()?;
        let kind = machine::kind_of(&token.token, token.decoded().ok().map(|jws| &**jws))?;
        Some((kind, !crate::token::compact::is_jwt_format(&token.token)))
    }

    /// What `authenticateRequest` answers.
    ///
    /// # Errors
    ///
    /// [`AuthenticateError`] where settings and request do not go together; Clerk throws.
    pub async fn authenticate(self: &Rc<Self>, io: &Io, request: &RequestView) -> Result<Box<RequestState>, AuthenticateError> {
        let context = Context::new(&self.settings, request, io.now());
        let options = &self.settings.options;
        let others = options.accepts_token.others();
        if let Some(rules) = options.satellite.rules()
            && !others.is_some_and(Accepts::is_m2m_only)
        {
            rules.check_request(&context)?;
        }
        if let Some(issuers) = &self.settings.issuers
            && let Some(judged) = issuers.authenticate(io, &context).await
        {
            return judged;
        }
        if let Some(others) = others {
            return others.authenticate(io, &context).await;
        }
        match context.token_in_header() {
            Some(token) => flow::with_header(&context, io, &token).await,
            None => with_cookies(&context, io).await,
        }
    }
}

/// Judges by Clerk's cookies, and says what a loop is explained by.
async fn with_cookies(context: &Context<'_>, io: &Io) -> Result<Box<RequestState>, AuthenticateError> {
    let mut state = flow::with_cookies(context, io).await?;
    let minted = context.minted_off_time.get();
    let held = || context.cookies().session.as_ref().filter(|_| !state.is_authenticated())?.issued_at();
    state.issued_at = minted.or_else(held);
    state.minted_off_time = minted.is_some();
    state.from_cookies = true;
    state.checked_at = io.now().as_secs();
    Ok(state)
}

/// The value of the first cookie of that name in a `Cookie` header.
pub(crate) fn first_cookie(header: &str, name: &str) -> Option<String> {
    cookies::Cookies::new(header).first(name).map(str::to_owned)
}
