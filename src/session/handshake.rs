//! The handshake: the browser goes to the Frontend API with what it has, and comes back with what is true.
//!
//! Source: `HandshakeService` and `handleMaybeHandshakeStatus` in `@clerk/backend`.

use std::borrow::Cow;

use super::{
    Auth, AuthenticateError, RequestState, TokenType,
    backend::API_VERSION_DATE,
    context::{
        Carried, Context, DEV_BROWSER, HANDSHAKE, HANDSHAKE_HELP, HANDSHAKE_NONCE, LEGACY_DEV_BROWSER, REDIRECT_COUNT, SESSION,
    },
    state::Headers,
};
use crate::{
    json::{Document, Raw},
    limits,
    machine::{Io, Purpose},
    reason::Reason,
    request::HeaderName,
    text::{self, ByAny},
    token::{Leniency, TokenError, Verified, verify},
    web_url::WebUrl,
};

/// Whether the browser can be sent to the Frontend API: a document, by `GET`. `Sec-Fetch-Dest` says so, else `Accept`.
pub(super) fn is_eligible(context: &Context<'_>) -> bool {
    if !context.is_get() {
        return false;
    }
    match context.request.header(HeaderName::SecFetchDest) {
        Some(dest) => matches!(dest, "document" | "iframe"),
        None => context.request.header(HeaderName::Accept).is_some_and(|accept| accept.starts_with("text/html")),
    }
}

/// Starts a handshake, or says signed out where the browser cannot be sent away, or has been sent too often.
#[inline(never)]
pub(super) fn start(context: &Context<'_>, reason: Reason) -> Result<Box<RequestState>, AuthenticateError> {
    start_saying(context, reason, String::new())
}

/// The same, with words for the operator.
#[inline(never)]
pub(super) fn start_saying(
    context: &Context<'_>,
    reason: Reason,
    message: String,
) -> Result<Box<RequestState>, AuthenticateError> {
    start_to(context, reason, message, None)
}

/// The same; `headers` hold another `location` than the Frontend API's.
pub(super) fn start_to(
    context: &Context<'_>,
    reason: Reason,
    message: String,
    headers: Option<Headers>,
) -> Result<Box<RequestState>, AuthenticateError> {
    if !is_eligible(context) {
        return Ok(RequestState::signed_out_saying(reason, message));
    }
    let mut headers = match headers {
        Some(headers) => headers,
        None => redirect(context, &reason.as_str())?,
    };
    if headers.has("location") {
        // Browsers keep inactive tabs in their cache, redirects included.
        headers.set_to("cache-control", "no-store");
    }
    let count = context.cookies().redirect_count;
    if count >= limits::HANDSHAKE_REDIRECTS {
        let mut state = RequestState::signed_out_saying(reason, message);
        state.gave_up = true;
        return Ok(state);
    }
    let cookie = text::concat(&[REDIRECT_COUNT, "=", &count_text(count.max(0.0) + 1.0), "; SameSite=Lax; HttpOnly; Max-Age=2"]);
    // Digits and letters are a header value.
    let _ = headers.append("set-cookie", cookie.into());
    Ok(RequestState::handshake(reason, message, headers))
}

/// A counter as JavaScript writes it, for what a counter can be: below four, and to the third decimal where somebody made the cookie
/// a fraction. The standard library's own way brings 18 KB of tables into the Wasm module.
fn count_text(count: f64) -> String {
    #[allow(clippy::cast_possible_truncation)]
    let thousandths = (count * 1000.0).round() as i64;
    let digits = [thousandths / 1000, thousandths / 100 % 10, thousandths / 10 % 10, thousandths % 10];
    let text = text::fill("#.###", &[], &digits);
    text.trim_end_any(b"0").trim_end_any(b".").to_owned()
}

fn redirect(context: &Context<'_>, reason: &str) -> Result<Headers, AuthenticateError> {
    let public_url = context.public_url().ok_or(AuthenticateError::RequestUrl)?;
    let cookies = context.cookies();
    let mut url = handshake_url(&context.frontend_api().ok_or(AuthenticateError::RequestUrl)?)?;
    let mut back = public_url.clone();
    back.remove_params(&[DEV_BROWSER, LEGACY_DEV_BROWSER]);
    let back = back.href();
    let mut params = vec![
        ("redirect_url", back.as_str()),
        ("__clerk_api_version", API_VERSION_DATE),
        ("suffixed_cookies", if cookies.is_suffixed { "true" } else { "false" }),
        ("__clerk_hs_reason", reason),
        ("format", "nonce"),
    ];
    let header_token;
    if let Some(session) = &cookies.session {
        params.push((SESSION, &session.token));
    } else {
        header_token = context.token_in_header();
        if let Some(carried) = &header_token {
            params.push((SESSION, &carried.token));
        }
    }
    if context.is_development()
        && let Some(browser) = &cookies.dev_browser
    {
        params.push((DEV_BROWSER, browser));
    }
    let organization = context.settings.options.organization_sync.param(public_url.path());
    if let Some(wanted) = &organization {
        params.push(("organization_id", wanted));
    }
    url.append_params(&params);
    let mut headers = Headers::default();
    headers.set("location", url.href().into());
    Ok(headers)
}

/// The handshake endpoint of a Frontend API, given as a host or as an address.
pub(super) fn handshake_url(frontend_api: &str) -> Result<WebUrl, AuthenticateError> {
    let base = if frontend_api.starts_with("http") {
        Cow::Borrowed(frontend_api)
    } else {
        text::concat(&["https://", frontend_api]).into()
    };
    let base = text::concat(&[base.trim_end_any(b"/"), "/"]);
    WebUrl::parse(&base).and_then(|base| base.join("v1/client/handshake")).ok_or(AuthenticateError::FrontendApi)
}

/// How the taking-in of a handshake ended.
pub(super) enum Resolved {
    /// With an answer.
    State(Box<RequestState>),
    /// The nonce could not be redeemed. The answer is Clerk's, for a request that has no good session of its own.
    NonceLost(Box<RequestState>),
    /// Without one: the handshake token is another application's, say. The request is judged by what else it has.
    GoOn,
    /// Without one, since it could not be checked: what else the request has may sign it in, but not out.
    Unchecked,
}

/// Takes in what the browser brings back from the Frontend API: a nonce or a handshake token.
pub(super) async fn resolve(context: &Context<'_>, io: &Io) -> Result<Resolved, AuthenticateError> {
    let cookies = context.cookies();
    let (directives, lost) = match (&cookies.handshake_nonce, &cookies.handshake_token) {
        (Some(nonce), _) => match redeem(context, io, nonce).await {
            Redeemed::Directives(directives) => (directives, None),
            Redeemed::Odd => return Ok(Resolved::GoOn),
            Redeemed::Lost { unknown } => (Vec::new(), Some(unknown)),
        },
        (None, Some(token)) => match verified_directives(context, io, token).await {
            Ok(Some(directives)) => (directives, None),
            Ok(None) => return Ok(Resolved::GoOn),
            // In development the token comes in the URL and nowhere else, so a bad one means that the keys were changed.
            Err(error) if context.is_development() && !is_unexpected(&error) => return Err(AuthenticateError::Handshake(error)),
            // In production it is a cookie, which may be that of another application on the same domain.
            Err(error) => return Ok(go_on_after(&error)),
        },
        (None, None) => return Ok(Resolved::GoOn),
    };
    let Some((mut headers, session)) = set_cookies(&directives) else { return Ok(Resolved::GoOn) };
    headers.set_to("access-control-allow-origin", "null");
    headers.set_to("access-control-allow-credentials", "true");
    if context.is_development() {
        let mut url = context.public_url().ok_or(AuthenticateError::RequestUrl)?.clone();
        url.remove_params(&[HANDSHAKE, HANDSHAKE_HELP, DEV_BROWSER, HANDSHAKE_NONCE]);
        headers.set("location", url.href().into());
        headers.set_to("cache-control", "no-store");
    }
    let Some(session) = session.filter(|session| !session.is_empty()) else {
        let state = RequestState::signed_out_with(Reason::SessionTokenMissing, String::new(), headers);
        return Ok(match lost {
            Some(unknown) => Resolved::NonceLost(state.unknown_if(unknown)),
            None => Resolved::State(state),
        });
    };
    let session = Carried::new(&session);
    let mut clock_skew = None;
    let claims = loop {
        match verify_minted(context, io, &session, clock_skew).await {
            Ok(claims) => break claims,
            // Clocks of developers' machines are often wrong.
            Err(error) if clock_skew.is_none() && context.is_development() && error.is_about_time() => {
                clock_skew = Some(limits::HANDSHAKE_DEVELOPMENT_CLOCK_SKEW);
            }
            Err(error) => {
                if error.is_about_time() {
                    context.minted_off_time.set(session.issued_at());
                }
                return Ok(go_on_after(&error));
            }
        }
    };
    let Ok(auth) = Auth::session(claims) else { return Ok(Resolved::GoOn) };
    Ok(Resolved::State(RequestState::signed_in(session.token, TokenType::SessionToken, auth, headers)))
}

fn go_on_after(error: &TokenError) -> Resolved {
    if error.is_unknown() { Resolved::Unchecked } else { Resolved::GoOn }
}

async fn verify_minted(context: &Context<'_>, io: &Io, session: &Carried, clock_skew: Option<core::time::Duration>) -> Verified {
    let jws = session.decoded()?;
    let leniency = Leniency { missing_azp: context.allows_missing_azp_of_minted(), clock_skew };
    context.settings.verifier.verify(io, jws, leniency).await
}

/// What Clerk has no reason for: it is no verdict on the token.
fn is_unexpected(error: &TokenError) -> bool {
    error.reason() == Reason::UnexpectedError
}

/// The `set-cookie`s, and the value of the last session cookie among them. `None` where one is no header value.
pub(super) fn set_cookies(directives: &[String]) -> Option<(Headers, Option<String>)> {
    let mut headers = Headers::default();
    let mut session = None;
    for directive in directives {
        if !headers.append("set-cookie", directive.clone().into()) {
            return None;
        }
        let mut parts = directive.pieces(b";").next().unwrap_or_default().pieces(b"=");
        if parts.next().unwrap_or_default().starts_with(SESSION) {
            session = Some(parts.next().unwrap_or(NO_VALUE).to_owned());
        }
    }
    Some((headers, session))
}

async fn verified_directives(context: &Context<'_>, io: &Io, token: &str) -> Result<Option<Vec<String>>, Box<TokenError>> {
    let verifier = &context.settings.verifier;
    let token = Carried::new(token);
    let jws = token.decoded()?;
    let skew = if context.is_development() { limits::HANDSHAKE_DEVELOPMENT_CLOCK_SKEW } else { verifier.options.clock_skew };
    let claims = verify::verify_handshake_token(io, jws, &verifier.keys, skew).await?;
    let Some(claims) = claims else { return Ok(Some(Vec::new())) };
    Ok(claims.get("handshake").and_then(Raw::as_strings))
}

enum Redeemed {
    Directives(Vec<String>),
    /// Answered, but not with cookies.
    Odd,
    Lost {
        unknown: bool,
    },
}

/// Asks the Backend API for what stands behind a nonce.
async fn redeem(context: &Context<'_>, io: &Io, nonce: &str) -> Redeemed {
    let backend = &context.settings.backend;
    let request = backend.versioned(Purpose::HandshakePayload, "/clients/handshake_payload", &[("nonce", nonce)], None);
    let Some(request) = request else { return Redeemed::Lost { unknown: true } };
    let response = match io.backend(request).await {
        Ok(response) => response,
        Err(_) => return Redeemed::Lost { unknown: true },
    };
    if response.status == 204 {
        return Redeemed::Directives(Vec::new());
    }
    if !(200..300).contains(&response.status) {
        return Redeemed::Lost { unknown: response.status >= 500 || matches!(response.status, 401 | 429) };
    }
    let Ok(body) = Document::parse_bytes(response.body) else { return Redeemed::Lost { unknown: true } };
    match body.get("directives").map(|directives| (directives.elements().is_some(), directives.as_strings())) {
        Some((true, Some(directives))) => Redeemed::Directives(directives),
        Some((true, None)) => Redeemed::Odd,
        _ => Redeemed::Lost { unknown: false },
    }
}

/// A session cookie without a value: not an empty one, but no token either.
const NO_VALUE: &str = "-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_session_cookie_counts_and_all_are_passed_on() {
        let directives = ["__session=a; Path=/", "foo=bar", "__session_sfx=b=c; Path=/"].map(str::to_owned);
        let (headers, session) = set_cookies(&directives).unwrap();
        assert_eq!(session.as_deref(), Some("b"));
        assert!(headers.has("set-cookie"));
        assert!(set_cookies(&["__session=a\nset-cookie: b".to_owned()]).is_none());
    }

    #[test]
    fn frontend_apis_are_hosts_or_addresses() {
        let url = |api| handshake_url(api).map(|url| url.href());
        assert_eq!(url("clerk.example.com").unwrap(), "https://clerk.example.com/v1/client/handshake");
        assert_eq!(url("http://x.example/__clerk//").unwrap(), "http://x.example/__clerk/v1/client/handshake");
        assert_eq!(url("a b"), Err(AuthenticateError::FrontendApi));
    }
}
