//! Several domains, one session: satellites ask their primary, and a development primary answers.
//!
//! Source: the multi-domain sync flows of `authenticateRequest` in `@clerk/backend`.

use super::{
    AuthenticateError, RequestState, TokenType,
    context::{Context, DEV_BROWSER},
    handshake,
    state::Headers,
};
use crate::{reason::Reason, web_url::WebUrl};

/// What multi-domain sync makes of a request, if anything.
pub(super) fn sync(context: &Context<'_>) -> Result<Option<Box<RequestState>>, AuthenticateError> {
    if context.settings.options.is_satellite { ask(context) } else { answer(context) }
}

/// A satellite asks its primary: on a first visit without cookies (where it is to do so by itself), or when it comes back from
/// signing in there.
fn ask(context: &Context<'_>) -> Result<Option<Box<RequestState>>, AuthenticateError> {
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
    if !options.satellite_auto_sync && !has_cookies && !needs_sync {
        let reason = Reason::SessionTokenAndUatMissing;
        return Ok(Some(RequestState::signed_out(TokenType::SessionToken, reason)));
    }
    if has_cookies && !needs_sync {
        return Ok(None);
    }
    let headers = if context.is_development() {
        let sign_in_url = options.sign_in_url.as_deref().unwrap_or_default();
        let mut url = WebUrl::parse(sign_in_url).ok_or(AuthenticateError::SignInUrl)?;
        url.append_params([(REDIRECT_URL, public_url.href().as_str())]);
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
        back.append_params([(DEV_BROWSER, browser.as_str())]);
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

pub(super) const SYNCED: &str = "__clerk_synced";
const REDIRECT_URL: &str = "__clerk_redirect_url";
