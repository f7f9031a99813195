//! Renews an expired session token, with the refresh cookie and the Backend API.
//!
//! Source: `refreshToken` and `attemptRefresh` in `@clerk/backend`.

use super::{
    Auth, RequestState, TokenType,
    auth::JsonObject,
    context::{Carried, Context},
    handshake::set_cookies,
};
use crate::{
    json::{Document, Raw, push_string},
    machine::{Io, Purpose},
    reason::RefreshFailure,
    text,
    token::Leniency,
};

/// Renews the session of an expired token that came in a cookie.
///
/// A token in the `Authorization` header is never renewed: Clerk renews the cookie's session then, whoever sent the header.
///
/// # Errors
///
/// [`RefreshFailure`], for the reason of the handshake that follows.
pub(super) async fn refresh(context: &Context<'_>, io: &Io, expired: &Carried) -> Result<Box<RequestState>, RefreshFailure> {
    let cookies = context.cookies();
    let refresh_token = cookies.refresh.as_deref().ok_or(RefreshFailure::NonEligibleNoCookie)?;
    let sid = expired.decoded().ok().and_then(|jws| jws.unverified("sid")).filter(|sid| sid.is_truthy());
    let sid = sid.ok_or(RefreshFailure::MissingSid)?.as_str();
    // The id becomes part of a path: what is more than a name is not sent.
    let is_name = |sid: &str| text::is_all(sid, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let sid = sid.filter(|sid| is_name(sid)).ok_or(RefreshFailure::UnexpectedBapiError)?;

    let mut body = JsonObject::new();
    body.text("format", "cookie");
    body.text("expired_token", &expired.token);
    body.text("refresh_token", refresh_token);
    body.text("request_origin", &context.public_url().map(crate::web_url::WebUrl::origin).unwrap_or_default());
    body.raw("request_headers", &request_headers(context));
    let path = text::concat(&["/sessions/", &sid, "/refresh"]);
    let params: &[_] = if cookies.is_suffixed { &[("suffixed_cookies", "true")] } else { &[] };
    let request = context.settings.backend.versioned(Purpose::Refresh, &path, params, Some(body.finish()));
    let response =
        io.backend(request.ok_or(RefreshFailure::UnexpectedBapiError)?).await.map_err(|_| RefreshFailure::FetchError)?;

    if response.status == 204 {
        return Err(RefreshFailure::UnexpectedBapiError);
    }
    let answer = Document::parse_bytes(response.body).ok();
    if !(200..300).contains(&response.status) {
        return Err(failure(answer.as_ref()));
    }
    let directives = answer.as_ref().and_then(|answer| answer.get("cookies")).and_then(Raw::as_strings).unwrap_or_default();
    if directives.is_empty() {
        return Err(RefreshFailure::UnexpectedSdkError);
    }
    let (headers, session) = set_cookies(&directives).ok_or(RefreshFailure::UnexpectedSdkError)?;
    let session = Carried::new(&session.unwrap_or_default());
    let jws = session.decoded().map_err(|_| RefreshFailure::InvalidSessionToken)?;
    let leniency = Leniency { missing_azp: context.allows_missing_azp_of_minted(), clock_skew: None };
    let claims = context.settings.verifier.verify(io, jws, leniency).await.map_err(|_| RefreshFailure::InvalidSessionToken)?;
    let auth = Auth::session(claims).map_err(|_| RefreshFailure::InvalidSessionToken)?;
    Ok(RequestState::signed_in(session.token.clone(), TokenType::SessionToken, auth, headers))
}

/// What the Backend API says is wrong.
fn failure(answer: Option<&Document>) -> RefreshFailure {
    let errors = answer.and_then(|answer| answer.get("errors")).and_then(Raw::elements).unwrap_or_default();
    let Some(first) = errors.first() else { return RefreshFailure::UnexpectedBapiError };
    match first.get("code").and_then(Raw::as_string) {
        Some(code) if code == "unexpected_error" => RefreshFailure::FetchError,
        Some(code) if !code.is_empty() => RefreshFailure::Backend(code),
        _ => RefreshFailure::UnexpectedSdkError,
    }
}

/// The request's headers, each with a list of its one value.
fn request_headers(context: &Context<'_>) -> String {
    let mut out = JsonObject::new();
    for (name, value) in context.request.headers.all() {
        let mut list = String::from("[");
        push_string(&mut list, &value);
        list.push(']');
        out.raw(&name, &list);
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_named_as_the_backend_api_names_them() {
        let named = |json: &str| failure(Document::parse(json).ok().as_ref());
        assert_eq!(named(r#"{"errors":[{"code":"session_not_found"}]}"#), RefreshFailure::Backend("session_not_found".into()));
        assert_eq!(named(r#"{"errors":[{"code":"unexpected_error"}]}"#), RefreshFailure::FetchError);
        assert_eq!(named(r#"{"errors":[{}]}"#), RefreshFailure::UnexpectedSdkError);
        assert_eq!(named(r#"{"errors":[]}"#), RefreshFailure::UnexpectedBapiError);
        assert_eq!(named("oops"), RefreshFailure::UnexpectedBapiError);
    }
}
