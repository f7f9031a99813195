//! The order of checks, as numbered steps; the only maker of [`VerifiedClaims`].
//!
//! 1. The `cat` header: no machine token passes for a session token.
//! 2. The key, by `kid`.
//! 3. The `typ` header, then `alg`, then whether the key is for this algorithm.
//! 4. The signature. No claim is looked at before, so that answers tell nothing about the settings.
//! 5. The claims: `sub`, `aud`, `azp`, `iss`, `exp`, `nbf`, `iat`.
//!
//! Source: `verifyToken`, `verifyJwt` and the assertions in `@clerk/backend`.

use core::time::Duration;
use std::{borrow::Cow, cell::OnceCell, rc::Rc};

use super::{
    Category, CompactJws, KeySource, SeenTokens, TokenError, Verified, VerifiedClaims, compact::Times, error::quoted,
    resolve::Selected,
};
use crate::{
    json::{Document, Raw},
    key::{Algorithm, SignatureCheck},
    limits,
    machine::{Io, SignatureOutcome},
    text,
    time::{UnixMillis, millis},
};

/// What is asked of a token.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Audiences; where the token has an `aud` of strings, one has to be among these. Empty: any.
    pub audience: Vec<String>,
    /// Authorized parties; `azp` has to be one of them. Empty: any.
    pub authorized_parties: Vec<AuthorizedParty>,
    /// Issuers; `iss` has to be one of them. Empty: any.
    pub issuer: Vec<String>,
    /// How far clocks may be apart.
    pub clock_skew: Duration,
    /// The accepted `typ`s. `None`: `JWT`, or none at all.
    pub header_type: Option<Vec<String>>,
    /// Whether a token needs no `typ` where `header_type` names some.
    pub type_is_optional: bool,
    /// The algorithms that a token may be signed with.
    pub algorithms: Cow<'static, [Algorithm]>,
    /// The signatures that were good before.
    pub seen: Rc<SeenTokens>,
}

/// What one check forgives beyond the options.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leniency {
    /// Let a token without `azp` pass although authorized parties are asked for.
    pub missing_azp: bool,
    /// Another clock skew than that of the options.
    pub clock_skew: Option<Duration>,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            audience: Vec::new(),
            authorized_parties: Vec::new(),
            issuer: Vec::new(),
            clock_skew: limits::CLOCK_SKEW,
            header_type: None,
            type_is_optional: false,
            algorithms: Cow::Borrowed(&Algorithm::OF_CLERK),
            seen: Rc::default(),
        }
    }
}

/// What to do with a token that has no `azp`, where authorized parties are asked for. Tokens minted in top-level navigations
/// have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingAzp {
    /// Reject it, as Clerk does.
    #[default]
    Reject,
    /// Accept it, and say so.
    Observe,
    /// Accept it from a cookie on a same-origin document navigation, and say so.
    Navigation,
}

/// One origin, or one family of origins, that tokens may have been minted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorizedParty {
    /// Exactly this text.
    Exact(String),
    /// `https://*.preview.example.com`: one label of `[a-z0-9-]` in the place of the star.
    OneLabel {
        /// What is before the star: a scheme and `://`.
        before: String,
        /// What is behind it: a dot and the rest of the origin.
        after: String,
    },
}

impl AuthorizedParty {
    /// Reads one entry. With `patterns` the one-label form is understood; without, a star is a star.
    #[must_use]
    pub fn parse(text: &str, patterns: bool) -> Self {
        let star = text::split_once(text, "://*.")
            .filter(|(scheme, rest)| patterns && matches!(*scheme, "http" | "https") && !rest.is_empty());
        match star {
            Some((scheme, rest)) => Self::OneLabel { before: text::concat(&[scheme, "://"]), after: text::concat(&[".", rest]) },
            None => Self::Exact(text.into()),
        }
    }

    /// Whether an `azp` is this party.
    #[must_use]
    pub fn is_met_by(&self, azp: &str) -> bool {
        match self {
            Self::Exact(party) => party == azp,
            Self::OneLabel { before, after } => {
                azp.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str())).is_some_and(|label| {
                    !label.is_empty() && text::is_all(label, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                })
            }
        }
    }
}

/// Verifies a session token.
///
/// # Errors
///
/// The first [`TokenError`] in the order of the steps above.
///
/// Source: `verifyToken` in `@clerk/backend`.
pub async fn verify_session_token(
    io: &Io,
    jws: &Rc<CompactJws>,
    keys: &KeySource,
    options: &VerifyOptions,
    leniency: Leniency,
) -> Verified {
    if jws.header().category() == Category::Machine {
        return Err(TokenError::Category.into());
    }
    verify_jwt(io, jws, keys, options, leniency).await
}

/// Verifies a JWT of any category: steps 2 to 5.
///
/// # Errors
///
/// As [`verify_session_token`].
pub async fn verify_jwt(
    io: &Io,
    jws: &Rc<CompactJws>,
    keys: &KeySource,
    options: &VerifyOptions,
    leniency: Leniency,
) -> Verified {
    let key = keys.resolve(io, jws.header()).await?;
    check_type(jws, options.header_type.as_deref(), options.type_is_optional)?;
    check_signature(io, jws, key, &options.algorithms, &options.seen).await?;
    let payload = jws.payload();
    check_subject(payload)?;
    check_audience(payload, &options.audience)?;
    let azp_missing = check_authorized_party(payload, &options.authorized_parties, leniency.missing_azp)?;
    check_issuer(payload, &options.issuer)?;
    let times = check_times(payload, jws.times(), io.now(), leniency.clock_skew.unwrap_or(options.clock_skew), ExpIs::Required);
    if times.as_ref().is_err_and(|error| matches!(**error, TokenError::Expired { .. })) {
        options.seen.forget(jws.token());
    }
    times?;
    Ok(VerifiedClaims::new(jws.clone(), azp_missing))
}

/// Verifies a handshake token and gives what it holds: the cookies to set, or `None` where it holds none.
///
/// Its time claims are checked where present. Clerk does not look at them; a handshake token sets cookies, so an old one must
/// not bring an old session back.
///
/// # Errors
///
/// As [`verify_session_token`]; [`TokenError::HandshakeCategory`] for a token of another class.
///
/// Source: `verifyHandshakeToken` in `@clerk/backend`.
pub async fn verify_handshake_token(
    io: &Io,
    jws: &Rc<CompactJws>,
    keys: &KeySource,
    clock_skew: Duration,
) -> Result<Option<VerifiedClaims>, Box<TokenError>> {
    let key = keys.resolve(io, jws.header()).await?;
    check_type(jws, None, false)?;
    if jws.header().algorithm().is_some() && jws.header().category().is_non_session() {
        return Err(TokenError::HandshakeCategory.into());
    }
    check_signature(io, jws, key, &Algorithm::OF_CLERK, &SeenTokens::default()).await?;
    check_times(jws.payload(), jws.times(), io.now(), clock_skew, ExpIs::Optional)?;
    let has_cookies = jws.payload().get("handshake").is_some_and(|cookies| cookies.elements().is_some());
    Ok(has_cookies.then(|| VerifiedClaims::new(jws.clone(), false)))
}

fn check_type(jws: &CompactJws, allowed: Option<&[String]>, is_optional: bool) -> Result<(), Box<TokenError>> {
    let header = jws.header();
    let is_allowed = match allowed {
        None => !header.has_typ() || header.typ() == Some("JWT"),
        Some(_) if is_optional && !header.has_typ() => true,
        Some(allowed) => header.typ().is_some_and(|typ| allowed.iter().any(|one| one == typ)),
    };
    if is_allowed {
        return Ok(());
    }
    let mut expected = String::new();
    for (at, one) in allowed.unwrap_or_default().iter().enumerate() {
        expected.push_str(if at > 0 { ", " } else { "" });
        expected.push_str(one);
    }
    let expected = if allowed.is_some() { quoted(&expected) } else { "JWT".into() };
    Err(TokenError::Type { found: header.found_typ(), expected }.into())
}

async fn check_signature(
    io: &Io,
    jws: &Rc<CompactJws>,
    key: Selected,
    allowed: &[Algorithm],
    seen: &SeenTokens,
) -> Result<(), Box<TokenError>> {
    let header = jws.header();
    let Some(algorithm) = header.algorithm().filter(|algorithm| allowed.contains(algorithm)) else {
        return Err(TokenError::Algorithm { found: header.found_algorithm() }.into());
    };
    let key = key.map_err(|why| TokenError::UnusableKey { kid: header.found_kid(), why })?;
    if let Some(only) = key.algorithm.filter(|only| *only != algorithm) {
        return Err(TokenError::KeyAlgorithm { key: only.as_str(), token: algorithm.as_str() }.into());
    }
    // INVARIANT: a key is never tried with an algorithm of another kind of key, whatever either of them says.
    if key.kind != algorithm.key_kind() {
        return Err(TokenError::KeyAlgorithm { key: key.kind.as_str(), token: algorithm.as_str() }.into());
    }
    if algorithm.signature_bytes().is_some_and(|bytes| bytes != jws.signature_bytes()) {
        return Err(TokenError::Signature.into());
    }
    if jws.is_good_under(key.id) {
        return Ok(());
    }
    let key_id = key.id;
    let check = SignatureCheck {
        key,
        algorithm,
        token: jws.token().clone(),
        signing_input_bytes: jws.signing_input_bytes(),
        signature: jws.take_signature(),
    };
    match io.verify(check).await {
        SignatureOutcome::Valid => {
            jws.mark_good_under(key_id);
            seen.remember(jws);
            Ok(())
        }
        SignatureOutcome::Invalid => Err(TokenError::Signature.into()),
        SignatureOutcome::Unusable(why) => Err(TokenError::SignatureUnchecked(why).into()),
    }
}

/// Checks that `sub` is a string. An empty one passes, as in Clerk.
fn check_subject(payload: &Document) -> Result<(), Box<TokenError>> {
    match payload.get("sub") {
        Some(sub) if sub.is_string() => Ok(()),
        found => Err(TokenError::Subject { found: show(found) }.into()),
    }
}

/// Checks `aud` where there is something to check: a string, or a list of nothing but strings. Clerk's session tokens have none.
fn check_audience(payload: &Document, audience: &[String]) -> Result<(), Box<TokenError>> {
    let Some(aud) = payload.get("aud").filter(|_| audience.iter().any(|one| !one.is_empty())) else { return Ok(()) };
    let auds = aud.as_string_or_strings().unwrap_or_default();
    let is_met = auds.iter().any(|aud| !aud.is_empty() && audience.iter().any(|one| one == aud));
    if is_met || auds.iter().all(String::is_empty) {
        return Ok(());
    }
    Err(TokenError::Audience { found: show(Some(aud)), expected: audience.len() }.into())
}

/// Checks `azp`; says whether it is missing but was let through.
fn check_authorized_party(payload: &Document, parties: &[AuthorizedParty], allow_missing: bool) -> Result<bool, Box<TokenError>> {
    if parties.is_empty() {
        return Ok(false);
    }
    let found = payload.get("azp");
    // Only a claim that is not there is missing; one that is empty or of another type is wrong.
    if found.is_none() && allow_missing {
        return Ok(true);
    }
    match found.and_then(Raw::as_str) {
        Some(azp) if !azp.is_empty() && parties.iter().any(|party| party.is_met_by(&azp)) => Ok(false),
        _ => Err(TokenError::AuthorizedParty { found: show(found), expected: parties.len() }.into()),
    }
}

fn check_issuer(payload: &Document, issuer: &[String]) -> Result<(), Box<TokenError>> {
    let mut issuers = issuer.iter().filter(|one| !one.is_empty()).peekable();
    if issuers.peek().is_none() {
        return Ok(());
    }
    let found = payload.get("iss");
    match found.and_then(Raw::as_str) {
        Some(iss) if issuers.any(|one| *one == iss) => Ok(()),
        _ => Err(TokenError::Issuer { found: show(found), expected: issuer.len() }.into()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ExpIs {
    Required,
    Optional,
}

/// Checks `exp`, `nbf` and `iat` against `now`, each widened by `clock_skew`.
///
/// The claims are NumericDates in seconds, of which whole seconds count; the comparison is in milliseconds, as Clerk's is: a
/// token whose `exp` equals `now - clock_skew` is already expired. A time that no JavaScript date can hold is no time; Clerk
/// takes it for one that never comes. What they are is read once for each decoded token, and compared each time; `known` keeps it.
///
/// Source: RFC 7519 sections 4.1.4 to 4.1.6; `assertExpirationClaim` and its neighbours in `@clerk/backend`.
fn check_times(
    payload: &Document,
    known: &OnceCell<Times>,
    now: UnixMillis,
    clock_skew: Duration,
    exp_is: ExpIs,
) -> Result<(), Box<TokenError>> {
    let skew = millis(clock_skew);
    let now_secs = now.as_secs();
    let time = |claim: &'static str, of: fn(&Times) -> Option<i64>| {
        if let Some(times) = known.get() {
            return Ok(of(times));
        }
        let Some(raw) = payload.get(claim) else { return Ok(None) };
        let secs = raw.as_f64().filter(|secs| secs.abs() <= limits::NUMERIC_DATE_MAX_SECS);
        secs.map(|secs| Some(at(secs))).ok_or_else(|| TokenError::NotATime { claim, found: show(Some(raw)) })
    };
    let exp = time("exp", |[exp, _, _]| *exp)?;
    match exp {
        None if exp_is == ExpIs::Required => return Err(TokenError::NotATime { claim: "exp", found: show(None) }.into()),
        Some(exp) if exp <= now.0.saturating_sub(skew) => {
            return Err(TokenError::Expired { exp_secs: exp / 1000, now_secs }.into());
        }
        _ => {}
    }
    let nbf = time("nbf", |[_, nbf, _]| *nbf)?;
    match nbf {
        Some(nbf) if nbf > now.0.saturating_add(skew) => {
            return Err(TokenError::NotYetValid { nbf_secs: nbf / 1000, now_secs }.into());
        }
        _ => {}
    }
    let iat = time("iat", |[_, _, iat]| *iat)?;
    match iat {
        Some(iat) if iat > now.0.saturating_add(skew) => {
            return Err(TokenError::IssuedInFuture { iat_secs: iat / 1000, now_secs }.into());
        }
        _ => {}
    }
    known.get_or_init(|| [exp, nbf, iat]);
    Ok(())
}

/// Whole seconds as milliseconds. The value is within the range of JavaScript dates, so nothing is cut off.
#[allow(clippy::cast_possible_truncation)]
fn at(secs: f64) -> i64 {
    secs as i64 * 1000
}

pub(crate) fn show(found: Option<Raw<'_>>) -> String {
    match found {
        None => "absent".into(),
        Some(raw) => quoted(&raw.as_str().unwrap_or(Cow::Borrowed(raw.text()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(json: &str) -> Document {
        Document::parse(json).unwrap()
    }

    fn times(json: &str) -> Result<(), TokenError> {
        check_times(&payload(json), &OnceCell::new(), UnixMillis(100_000), Duration::from_secs(5), ExpIs::Required)
            .map_err(|error| *error)
    }

    #[test]
    fn a_token_is_expired_at_the_very_end_of_its_grace() {
        assert!(times(r#"{"exp":96}"#).is_ok());
        assert!(times(r#"{"exp":95.999}"#).is_err(), "fractions of a second do not count");
        assert!(matches!(times(r#"{"exp":95}"#), Err(TokenError::Expired { exp_secs: 95, now_secs: 100 })));
    }

    #[test]
    fn times_that_are_known_are_compared_anew() {
        let (payload, known) = (payload(r#"{"exp":200,"nbf":100,"iat":100}"#), OnceCell::new());
        let check = |secs: i64| check_times(&payload, &known, UnixMillis(secs * 1000), Duration::from_secs(5), ExpIs::Required);
        assert!(check(90).is_err() && known.get().is_none(), "what was refused is not kept");
        assert!(check(150).is_ok() && check(204).is_ok());
        assert_eq!(known.get(), Some(&[Some(200_000), Some(100_000), Some(100_000)]));
        assert!(matches!(*check(205).unwrap_err(), TokenError::Expired { exp_secs: 200, now_secs: 205 }));
        assert!(matches!(*check(94).unwrap_err(), TokenError::NotYetValid { nbf_secs: 100, .. }));
        assert!(check(150).is_ok());
    }

    #[test]
    fn a_token_is_good_from_the_very_start_of_its_grace() {
        assert!(times(r#"{"exp":200,"nbf":105,"iat":105.9}"#).is_ok());
        assert!(matches!(times(r#"{"exp":200,"nbf":106}"#), Err(TokenError::NotYetValid { .. })));
        assert!(matches!(times(r#"{"exp":200,"iat":106}"#), Err(TokenError::IssuedInFuture { .. })));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for json in
            ["{}", r#"{"exp":"200"}"#, r#"{"exp":null}"#, r#"{"exp":1e400}"#, r#"{"exp":8.65e12}"#, r#"{"exp":200,"nbf":null}"#]
        {
            assert!(matches!(times(json), Err(TokenError::NotATime { .. })), "{json}");
        }
    }

    #[test]
    fn a_party_pattern_stands_for_exactly_one_label() {
        let party = AuthorizedParty::parse("https://*.preview.example.com", true);
        assert!(party.is_met_by("https://feature-1.preview.example.com"));
        for azp in [
            "https://preview.example.com",
            "https://.preview.example.com",
            "https://a.b.preview.example.com",
            "https://A.preview.example.com",
            "http://a.preview.example.com",
            "https://a.preview.example.com.evil.example",
            "https://evil.example/.preview.example.com",
            "https://*.preview.example.com",
        ] {
            assert!(!party.is_met_by(azp), "{azp}");
        }
        assert_eq!(AuthorizedParty::parse("https://*.x.example", false), AuthorizedParty::Exact("https://*.x.example".into()));
    }

    #[test]
    fn only_an_absent_azp_can_be_let_through() {
        let parties = [AuthorizedParty::parse("https://a.example", false)];
        assert_eq!(check_authorized_party(&payload("{}"), &parties, true), Ok(true));
        assert_eq!(check_authorized_party(&payload(r#"{"azp":"https://a.example"}"#), &parties, true), Ok(false));
        for json in [r#"{"azp":""}"#, r#"{"azp":null}"#, r#"{"azp":"https://b.example"}"#, r#"{"azp":["https://a.example"]}"#] {
            assert!(check_authorized_party(&payload(json), &parties, true).is_err(), "{json}");
        }
        assert!(check_authorized_party(&payload("{}"), &parties, false).is_err());
    }

    #[test]
    fn an_audience_is_asked_for_only_where_the_token_names_some() {
        let wanted = ["api".to_owned()];
        for json in ["{}", r#"{"aud":"api"}"#, r#"{"aud":["x","api"]}"#, r#"{"aud":""}"#, r#"{"aud":["x",1]}"#, r#"{"aud":7}"#] {
            assert!(check_audience(&payload(json), &wanted).is_ok(), "{json}");
        }
        for json in [r#"{"aud":"x"}"#, r#"{"aud":["x","y"]}"#] {
            assert!(check_audience(&payload(json), &wanted).is_err(), "{json}");
        }
    }
}
