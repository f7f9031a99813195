//! Clerk's options, from JSON.

use core::time::Duration;
use std::{borrow::Cow, rc::Rc};

use crate::{
    json::{Document, Raw},
    limits,
    session::{AcceptsToken, AuthenticateOptions, TokenType, VercelEnvironment, auto_proxy_path},
    text,
    token::{KeySetCache, KeySetCaches},
};

/// What an option may be; what JavaScript takes for false is not given, as in Clerk.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A list of strings; one string is a list of one.
    Texts,
}

/// The options that have a type, in the order in which they are looked at.
const KINDS: [(&str, Kind); 14] = [
    ("publishableKey", Kind::Text),
    ("domain", Kind::Text),
    ("proxyUrl", Kind::Text),
    ("secretKey", Kind::Text),
    ("machineSecretKey", Kind::Text),
    ("jwtKey", Kind::Text),
    ("apiUrl", Kind::Text),
    ("apiVersion", Kind::Text),
    ("authorizedParties", Kind::Texts),
    ("audience", Kind::Texts),
    ("issuer", Kind::Texts),
    ("headerType", Kind::Texts),
    ("signInUrl", Kind::Text),
    ("signUpUrl", Kind::Text),
];

/// What the names of the instance's cookies end in, as the host has found it; empty where it found none.
///
/// # Errors
///
/// A message, where the host does not say.
pub(super) fn cookie_suffix(json: &str) -> Result<String, String> {
    let document = Document::parse(json.into()).ok();
    let suffix = document.as_ref().and_then(|document| document.get("cookieSuffix")).and_then(Raw::as_str).map(Cow::into_owned);
    suffix.ok_or_else(|| "the options do not say what cookies' names end in".to_owned())
}

/// Reads the options.
///
/// # Errors
///
/// A message, where the JSON is none or an option is of another type than it should be.
pub(super) fn read(json: &str) -> Result<AuthenticateOptions, String> {
    let document = Document::parse(json.into()).map_err(|_| "the options are no JSON object".to_owned())?;
    for (name, kind) in KINDS {
        check(name, kind, &document)?;
    }
    let accepts_token = accepts_token(document.get("acceptsToken"))?;
    // Checked above: what is no text now is not given.
    let given = |name: &str| document.get(name).filter(|value| value.is_truthy());
    let text = |name: &str| given(name).and_then(Raw::as_str).map(Cow::into_owned);
    let list = |name: &str| given(name).and_then(many);
    let number = |name: &str| document.get(name).and_then(Raw::as_f64).filter(|number| number.is_finite());

    let mut options = AuthenticateOptions {
        publishable_key: text("publishableKey").unwrap_or_default(),
        token_cache: limits::SEEN_TOKENS,
        accepts_token,
        ..AuthenticateOptions::default()
    };
    options.domain = text("domain");
    options.proxy_url = text("proxyUrl");
    if options.proxy_url.is_none() && options.domain.is_none() {
        options.proxy_url = automatic_proxy(&options.publishable_key, &document);
    }
    options.secret_key = text("secretKey");
    options.machine_secret_key = text("machineSecretKey");
    options.jwt_key = text("jwtKey");
    options.api_url = text("apiUrl");
    options.api_version = text("apiVersion");
    options.authorized_parties = list("authorizedParties").unwrap_or_default();
    options.audience = list("audience").unwrap_or_default();
    options.issuer = list("issuer").unwrap_or_default();
    options.header_type = document.get("headerType").and_then(many);
    options.sign_in_url = text("signInUrl");
    options.sign_up_url = text("signUpUrl");
    if let Some(ms) = number("clockSkewInMs") {
        // A skew that no duration can hold lets every time pass, as in Clerk.
        options.clock_skew = Duration::try_from_secs_f64(ms.max(0.0) / 1000.0).unwrap_or(Duration::MAX);
    }
    options.skip_jwks_cache = given("skipJwksCache").is_some();
    options.is_satellite = given("isSatellite").is_some();
    options.satellite_auto_sync = document.get("satelliteAutoSync").is_some_and(Raw::is_true);
    Ok(options)
}

fn check(name: &str, kind: Kind, document: &Document) -> Result<(), String> {
    // A header type may be the empty text.
    let is_given = |value: &Raw<'_>| if name == "headerType" { !value.is_null() } else { value.is_truthy() };
    let Some(value) = document.get(name).filter(is_given) else { return Ok(()) };
    let (is_good, expected) = match kind {
        Kind::Text => (value.as_str().is_some(), "a string"),
        Kind::Texts => (many(value).is_some(), "strings"),
    };
    if is_good { Ok(()) } else { Err(text::concat(&["invalid option `", name, "`: expected ", expected])) }
}

/// The key-set cache of the instance that the options name.
pub(super) fn cache(caches: &KeySetCaches, options: &AuthenticateOptions) -> Rc<KeySetCache> {
    let [api_url, api_version, secret_key] =
        [&options.api_url, &options.api_version, &options.secret_key].map(|option| option.as_deref().unwrap_or_default());
    caches.of(api_url, api_version, secret_key)
}

/// A list of strings; one string is a list of one.
fn many(value: Raw<'_>) -> Option<Vec<String>> {
    let texts = value.as_str().map(|one| vec![one]).or_else(|| value.as_strings())?;
    Some(texts.into_iter().map(Cow::into_owned).collect())
}

fn accepts_token(value: Option<Raw<'_>>) -> Result<AcceptsToken, String> {
    let parse = |kind: &str| TokenType::parse(kind).ok_or_else(|| "invalid option `acceptsToken`: no such kind".to_owned());
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(AcceptsToken::default()) };
    match value.as_str() {
        Some(any) if any == "any" => Ok(AcceptsToken::Any),
        Some(kind) => Ok(AcceptsToken::One(parse(&kind)?)),
        None => {
            let kinds = many(value).ok_or_else(|| "invalid option `acceptsToken`: expected strings".to_owned())?;
            Ok(AcceptsToken::List(kinds.iter().map(|kind| parse(kind)).collect::<Result<_, _>>()?))
        }
    }
}

/// The proxy that Vercel's own domains have; the loop hands the environment in as `vercel`.
fn automatic_proxy(publishable_key: &str, document: &Document) -> Option<String> {
    let vercel = document.get("vercel")?;
    let text = |name| vercel.get(name).and_then(Raw::as_str).map(Cow::into_owned);
    let environment = VercelEnvironment {
        target_env: text("VERCEL_TARGET_ENV"),
        project_production_url: text("VERCEL_PROJECT_PRODUCTION_URL"),
        disable_auto_proxy: text("CLERK_DISABLE_AUTO_PROXY"),
    };
    auto_proxy_path(publishable_key, &environment).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_falsy_is_not_given_and_what_is_odd_is_an_error() {
        let options =
            read(r#"{"secretKey":"","authorizedParties":null,"isSatellite":0,"clockSkewInMs":0,"issuer":"a"}"#).unwrap();
        assert_eq!((options.secret_key, options.authorized_parties.len(), options.is_satellite), (None, 0, false));
        assert_eq!((options.clock_skew, options.issuer), (Duration::ZERO, vec!["a".to_owned()]));
        for json in [r#"{"proxyUrl":5}"#, r#"{"authorizedParties":[1]}"#, r#"{"acceptsToken":"x"}"#, "["] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
