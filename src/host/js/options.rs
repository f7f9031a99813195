//! Clerk's options, from JSON.

use core::time::Duration;
use std::rc::Rc;

use crate::{
    json::{Document, Raw},
    limits,
    session::{AcceptsToken, AuthenticateOptions, TokenType, VercelEnvironment, auto_proxy_path},
    token::{KeySetCache, KeySetCaches},
};

/// Reads the options. What JavaScript takes for false is not given, as in Clerk.
///
/// # Errors
///
/// A message, where the JSON is none or an option is of another type than it should be.
pub(super) fn read(json: &str) -> Result<AuthenticateOptions, String> {
    let document = Document::parse(json.into()).map_err(|_| "the options are no JSON object".to_owned())?;
    let given = |name: &'static str| document.get(name).filter(|value| value.is_truthy()).map(|value| (name, value));
    let text = |name| given(name).map(|(name, value)| one(name, value)).transpose();
    let list = |name| given(name).map(|(name, value)| many(name, value)).transpose();
    let flag = |name| given(name).is_some();
    let number = |name: &'static str| document.get(name).and_then(Raw::as_f64).filter(|number| number.is_finite());

    let publishable_key = text("publishableKey")?.unwrap_or_default();
    let domain = text("domain")?;
    let proxy_url = match text("proxyUrl")? {
        None if domain.is_none() => automatic_proxy(&publishable_key, &document),
        given => given,
    };
    let defaults = AuthenticateOptions::default();
    let clock_skew = number("clockSkewInMs").map(|ms| Duration::try_from_secs_f64(ms.max(0.0) / 1000.0));
    Ok(AuthenticateOptions {
        secret_key: text("secretKey")?,
        machine_secret_key: text("machineSecretKey")?,
        jwt_key: text("jwtKey")?,
        api_url: text("apiUrl")?,
        api_version: text("apiVersion")?,
        authorized_parties: list("authorizedParties")?.unwrap_or_default(),
        audience: list("audience")?.unwrap_or_default(),
        issuer: list("issuer")?.unwrap_or_default(),
        // A skew that no duration can hold lets every time pass, as in Clerk.
        clock_skew: clock_skew.map_or(defaults.clock_skew, |skew| skew.unwrap_or(Duration::MAX)),
        header_type: match document.get("headerType").filter(|value| !value.is_null()) {
            Some(value) => Some(many("headerType", value)?),
            None => None,
        },
        skip_jwks_cache: flag("skipJwksCache"),
        proxy_url,
        domain,
        is_satellite: flag("isSatellite"),
        satellite_auto_sync: document.get("satelliteAutoSync").is_some_and(Raw::is_true),
        sign_in_url: text("signInUrl")?,
        sign_up_url: text("signUpUrl")?,
        accepts_token: accepts_token(document.get("acceptsToken"))?,
        token_cache: limits::SEEN_TOKENS,
        publishable_key,
        ..defaults
    })
}

/// The key-set cache of the instance that the options name.
pub(super) fn cache(caches: &KeySetCaches, options: &AuthenticateOptions) -> Rc<KeySetCache> {
    let [api_url, api_version, secret_key] =
        [&options.api_url, &options.api_version, &options.secret_key].map(|option| option.as_deref().unwrap_or_default());
    caches.of(api_url, api_version, secret_key)
}

fn one(name: &str, value: Raw<'_>) -> Result<String, String> {
    value.as_str().map(std::borrow::Cow::into_owned).ok_or_else(|| ["invalid option `", name, "`: expected a string"].concat())
}

/// A list of strings; one string is a list of one.
fn many(name: &str, value: Raw<'_>) -> Result<Vec<String>, String> {
    if let Some(one) = value.as_str() {
        return Ok(vec![one.into_owned()]);
    }
    let texts = value.as_strings().ok_or_else(|| ["invalid option `", name, "`: expected strings"].concat())?;
    Ok(texts.into_iter().map(std::borrow::Cow::into_owned).collect())
}

fn accepts_token(value: Option<Raw<'_>>) -> Result<AcceptsToken, String> {
    let parse = |kind: &str| TokenType::parse(kind).ok_or_else(|| "invalid option `acceptsToken`: no such kind".to_owned());
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(AcceptsToken::default()) };
    match value.as_str() {
        Some(any) if any == "any" => Ok(AcceptsToken::Any),
        Some(kind) => Ok(AcceptsToken::One(parse(&kind)?)),
        None => {
            let kinds = many("acceptsToken", value)?;
            Ok(AcceptsToken::List(kinds.iter().map(|kind| parse(kind)).collect::<Result<_, _>>()?))
        }
    }
}

/// The proxy that Vercel's own domains have; the loop hands the environment in as `vercel`.
fn automatic_proxy(publishable_key: &str, document: &Document) -> Option<String> {
    let vercel = document.get("vercel")?;
    let text = |name| vercel.get(name).and_then(Raw::as_str).map(std::borrow::Cow::into_owned);
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
