//! Clerk's options, from JSON; those that few have are read in `options/rare.rs`.

use core::time::Duration;
use std::rc::Rc;

use crate::{
    json::{Document, Raw},
    limits,
    session::{AuthenticateOptions, VercelEnvironment, auto_proxy_path},
    text,
    token::{KeySetCache, KeySetCaches},
};

mod rare;

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
    let document = Document::parse(json).ok();
    let suffix = document.as_ref().and_then(|document| document.get("cookieSuffix")).and_then(Raw::as_string);
    suffix.ok_or_else(|| "the options do not say what cookies' names end in".to_owned())
}

/// Reads the options.
///
/// # Errors
///
/// A message, where the JSON is none or an option is of another type than it should be.
pub(super) fn read(json: &str) -> Result<AuthenticateOptions, String> {
    let document = Document::parse(json).map_err(|_| "the options are no JSON object".to_owned())?;
    for (name, kind) in KINDS {
        check(name, kind, &document)?;
    }
    // Checked above: what is no text now is not given.
    let given = |name: &str| document.get(name).filter(|value| value.is_truthy());
    let text = |name: &str| given(name).and_then(Raw::as_string);
    let list = |name: &str| given(name).and_then(many);
    let number = |name: &str| document.get(name).and_then(Raw::as_f64).filter(|number| number.is_finite());

    // Whole milliseconds, none below zero. A skew that no number holds lets every time pass, as in Clerk.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let clock_skew = number("clockSkewInMs").map(|ms| Duration::from_millis(ms as u64));
    let publishable_key = text("publishableKey").unwrap_or_default();
    let domain = text("domain");
    let proxy_url = text("proxyUrl");
    let proxy_url =
        if proxy_url.is_none() && domain.is_none() { automatic_proxy(&publishable_key, &document) } else { proxy_url };
    let mut options = AuthenticateOptions {
        publishable_key,
        domain,
        proxy_url,
        secret_key: text("secretKey"),
        machine_secret_key: text("machineSecretKey"),
        jwt_key: text("jwtKey"),
        api_url: text("apiUrl"),
        api_version: text("apiVersion"),
        authorized_parties: list("authorizedParties").unwrap_or_default(),
        audience: list("audience").unwrap_or_default(),
        issuer: list("issuer").unwrap_or_default(),
        header_type: document.get("headerType").and_then(many),
        sign_in_url: text("signInUrl"),
        sign_up_url: text("signUpUrl"),
        clock_skew: clock_skew.unwrap_or(limits::CLOCK_SKEW),
        skip_jwks_cache: given("skipJwksCache").is_some(),
        token_cache: limits::SEEN_TOKENS,
        ..AuthenticateOptions::default()
    };
    rare::read(&document, &mut options)?;
    Ok(options)
}

fn check(name: &str, kind: Kind, document: &Document) -> Result<(), String> {
    // A header type may be the empty text.
    let is_given = |value: &Raw<'_>| if name == "headerType" { !value.is_null() } else { value.is_truthy() };
    let Some(value) = document.get(name).filter(is_given) else { return Ok(()) };
    let (is_good, expected) = match kind {
        Kind::Text => (value.is_string(), "a string"),
        Kind::Texts => (many(value).is_some(), "strings"),
    };
    if is_good { Ok(()) } else { Err(text::concat(&["invalid option `", name, "`: expected ", expected])) }
}

/// The key-set cache of the instance that the options name.
pub(super) fn cache(caches: &KeySetCaches, options: &AuthenticateOptions) -> Rc<KeySetCache> {
    let text = |option: &'_ Option<String>| option.clone().unwrap_or_default();
    caches.of(&text(&options.api_url), &text(&options.api_version), &text(&options.secret_key))
}

/// A list of strings; one string is a list of one. What is undefined in it, as a variable that is not set, is nobody's: it is left out, but for
/// a list of nothing else, since an empty one asks for nothing.
fn many(value: Raw<'_>) -> Option<Vec<String>> {
    let Some(elements) = value.elements() else { return value.as_string_or_strings() };
    let is_empty = elements.is_empty();
    let mut strings = Vec::new();
    for element in elements {
        if !element.is_null() {
            strings.push(element.as_string()?);
        }
    }
    (is_empty || !strings.is_empty()).then_some(strings)
}

/// The proxy that Vercel's own domains have; the loop hands the environment in as `vercel`.
fn automatic_proxy(publishable_key: &str, document: &Document) -> Option<String> {
    let vercel = document.get("vercel")?;
    let text = |name| vercel.get(name).and_then(Raw::as_string);
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
        assert_eq!((options.secret_key, options.authorized_parties.len(), options.satellite.is_one()), (None, 0, false));
        assert_eq!((options.clock_skew, options.issuer), (Duration::ZERO, vec!["a".to_owned()]));
        assert_eq!(read(r#"{"authorizedParties":[null,"a"]}"#).unwrap().authorized_parties, ["a"]);
        for json in [
            r#"{"authorizedParties":[null]}"#,
            r#"{"proxyUrl":5}"#,
            r#"{"authorizedParties":[1]}"#,
            r#"{"acceptsToken":"x"}"#,
            "[",
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
