//! Several domains, one session: satellites ask their primary, and a development primary answers.
//!
//! Source: the multi-domain sync flows of `authenticateRequest` in `@clerk/backend`.

use core::fmt;

use super::{
    AuthenticateError, AuthenticateOptions, InstanceType, OptionsError, RequestState,
    context::{Context, DEV_BROWSER},
    handshake,
    state::Headers,
};
use crate::{reason::Reason, request::HeaderName, secret, text, web_url::WebUrl};

/// Whether an application is a satellite; it is none by [`Default`]. What satellites do is known to [`one`](Self::one) alone, so that a
/// host that has none does not carry it.
#[derive(Clone, Copy, Default)]
pub struct Satellite(Option<&'static dyn Rules>);

impl Satellite {
    /// A satellite; with `asks` it asks its primary on a first visit without cookies.
    #[must_use]
    pub fn one(asks: bool) -> Self {
        Self(Some(if asks { &Asking(true) } else { &Asking(false) }))
    }

    /// Whether it is one.
    #[must_use]
    pub fn is_one(self) -> bool {
        self.0.is_some()
    }

    pub(super) fn rules(self) -> Option<&'static dyn Rules> {
        self.0
    }
}

impl fmt::Debug for Satellite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_one() { "a satellite" } else { "no satellite" })
    }
}

/// What is otherwise for satellites.
pub(super) trait Rules {
    /// Checks that the options say what a satellite needs.
    fn check(&self, options: &AuthenticateOptions) -> Result<(), OptionsError>;

    /// Checks that the page for signing in is not the request's own.
    fn check_request(&self, context: &Context<'_>) -> Result<(), AuthenticateError>;

    /// The Frontend API that issues the tokens, where that is the satellite's own.
    fn issuing_api(&self, options: &AuthenticateOptions, of: InstanceType) -> Option<String>;

    /// What a request comes to where the primary is to be asked.
    fn ask(&self, context: &Context<'_>) -> Result<Option<Box<RequestState>>, AuthenticateError>;
}

/// Whether it asks on a first visit.
struct Asking(bool);

impl Rules for Asking {
    fn check(&self, options: &AuthenticateOptions) -> Result<(), OptionsError> {
        let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let secret_key = options.secret_key.as_deref().unwrap_or_default();
        let is_development = secret_key.starts_with("test_") || secret_key.starts_with(secret::TEST_KEY);
        if is_development && !is_given(&options.sign_in_url) {
            return Err(OptionsError::Lacking(
                "`sign_in_url` missing: a satellite of a development instance needs the primary's",
            ));
        }
        if !is_given(&options.proxy_url) && !is_given(&options.domain) {
            return Err(OptionsError::Lacking("a satellite needs `domain` or `proxy_url`"));
        }
        Ok(())
    }

    /// A satellite's page for signing in is the primary's.
    fn check_request(&self, context: &Context<'_>) -> Result<(), AuthenticateError> {
        let Some(origin) = context.request.header(HeaderName::Origin) else { return Ok(()) };
        let Some(url) = context.settings.options.sign_in_url.as_deref().filter(|url| !url.is_empty()) else { return Ok(()) };
        let url = WebUrl::parse(url).ok_or(AuthenticateError::SignInUrl(NOT_ABSOLUTE))?;
        if url.origin() != origin {
            return Ok(());
        }
        Err(AuthenticateError::SignInUrl("`sign_in_url` of a satellite is on its own origin, expected the primary's"))
    }

    fn issuing_api(&self, options: &AuthenticateOptions, of: InstanceType) -> Option<String> {
        let domain = options.domain.as_deref().filter(|domain| !domain.is_empty())?;
        (of == InstanceType::Production).then(|| text::concat(&["clerk.", domain]))
    }

    fn ask(&self, context: &Context<'_>) -> Result<Option<Box<RequestState>>, AuthenticateError> {
        ask(context, self.0)
    }
}

/// What multi-domain sync makes of a request, if anything.
pub(super) fn sync(context: &Context<'_>) -> Result<Option<Box<RequestState>>, AuthenticateError> {
    match context.settings.options.satellite.rules() {
        Some(rules) => rules.ask(context),
        None => answer(context),
    }
}

/// A satellite asks its primary: on a first visit without cookies (where it is to do so by itself), or when it comes back from
/// signing in there.
fn ask(context: &Context<'_>, on_first_visit: bool) -> Result<Option<Box<RequestState>>, AuthenticateError> {
    if !context.is_document_navigation() {
        return Ok(None);
    }
    let public_url = context.public_url().ok_or(AuthenticateError::RequestUrl)?;
    let synced = public_url.param(SYNCED);
    if synced.as_deref() == Some("true") {
        return Ok(None);
    }
    let needs_sync = synced.as_deref() == Some("false");
    let cookies = context.cookies();
    let has_cookies = cookies.session.is_some() || cookies.client_uat != 0.0;
    let options = &context.settings.options;
    if !on_first_visit && !has_cookies && !needs_sync {
        let reason = Reason::SessionTokenAndUatMissing;
        return Ok(Some(RequestState::signed_out(reason)));
    }
    if has_cookies && !needs_sync {
        return Ok(None);
    }
    let headers = if context.is_development() {
        let sign_in_url = options.sign_in_url.as_deref().unwrap_or_default();
        let mut url = WebUrl::parse(sign_in_url).ok_or(AuthenticateError::SignInUrl(NOT_ABSOLUTE))?;
        url.append_params(&[(REDIRECT_URL, public_url.href().as_str())]);
        let mut headers = Headers::default();
        headers.set("location", url.href().into());
        Some(headers)
    } else {
        None
    };
    handshake::start_to(context, Reason::SatelliteCookieNeedsSyncing, String::new(), headers).map(Some)
}

/// A development primary sends the browser back to the satellite, dev browser and all.
///
/// Clerk sends it to any address, and throws on what is none. Here it goes to an authorized party or to this machine only: the dev
/// browser is a credential. Another target is left alone, and the request judged as if it were not there.
fn answer(context: &Context<'_>) -> Result<Option<Box<RequestState>>, AuthenticateError> {
    if !context.is_development() {
        return Ok(None);
    }
    let back = context.param(REDIRECT_URL).and_then(|back| WebUrl::parse(&back));
    let Some(mut back) = back.filter(|back| is_trusted(context, back)) else { return Ok(None) };
    if let Some(browser) = &context.cookies().dev_browser {
        back.append_params(&[(DEV_BROWSER, browser.as_str())]);
    }
    back.set_param(SYNCED, "true");
    let mut headers = Headers::default();
    headers.set("location", back.href().into());
    handshake::start_to(context, Reason::PrimaryRespondsToSyncing, String::new(), Some(headers)).map(Some)
}

fn is_trusted(context: &Context<'_>, url: &WebUrl) -> bool {
    let host = url.hostname();
    let is_local = host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]";
    is_local || context.settings.verifier.options.authorized_parties.iter().any(|party| party.is_met_by(&url.origin()))
}

const NOT_ABSOLUTE: &str = "`sign_in_url` of a satellite is no absolute http(s) URL";
pub(super) const SYNCED: &str = "__clerk_synced";
const REDIRECT_URL: &str = "__clerk_redirect_url";
