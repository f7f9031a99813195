//! All that a request says about its session, read once.
//!
//! Source: `AuthenticateContext` in `@clerk/backend`.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
    rc::Rc,
};

use super::{
    Settings,
    cookies::{Cookies, decode_value},
    public_url::public_url,
    publishable_key::InstanceType,
};
use crate::{
    json::Raw,
    number::parse_decimal,
    request::{HeaderName, RequestView},
    text::{self, ByAny as _, is_same_name},
    time::UnixMillis,
    token::{CompactJws, MissingAzp, SeenTokens, TokenError},
    web_url::WebUrl,
};

/// A request under the settings of an instance.
pub(super) struct Context<'r> {
    pub(super) settings: &'r Settings,
    pub(super) request: &'r RequestView,
    public_url: OnceCell<Option<WebUrl>>,
    /// `None` where only the `Authorization` header is looked at.
    cookies: OnceCell<SessionCookies>,
    /// `iat` of a token that Clerk has just minted and that is not of this time, in seconds: the clocks are apart.
    pub(super) minted_off_time: Cell<Option<i64>>,
    now: UnixMillis,
}

/// A token and what decoding it gave; decoded at most once.
pub(super) struct Carried {
    pub(super) token: Rc<str>,
    /// Or what is wrong with its form.
    decoded: OnceCell<Result<Rc<CompactJws>, &'static str>>,
    /// A good token from before.
    like: Option<Rc<CompactJws>>,
}

impl Carried {
    pub(super) fn new(token: &str) -> Self {
        Self { token: token.into(), decoded: OnceCell::new(), like: None }
    }

    /// A token that was not seen before, beside those that were.
    fn unknown(token: &str, seen: &SeenTokens) -> Self {
        Self { like: seen.last(), ..Self::new(token) }
    }

    /// A token that may have been seen before: then it is decoded already.
    fn known(token: &str, seen: &SeenTokens) -> Self {
        seen.decoded(token).map_or_else(|| Self::unknown(token, seen), Self::remembered)
    }

    fn remembered(jws: Rc<CompactJws>) -> Self {
        Self { token: jws.token().clone(), decoded: OnceCell::from(Ok(jws)), like: None }
    }

    /// # Errors
    ///
    /// [`TokenError::Malformed`].
    #[inline(never)]
    pub(super) fn decoded(&self) -> Result<&Rc<CompactJws>, Box<TokenError>> {
        let decoded = self.decoded.get_or_init(|| CompactJws::read(&self.token, self.like.as_deref()));
        decoded.as_ref().map_err(|why| TokenError::Malformed(why).into())
    }

    /// An unverified claim.
    pub(super) fn claim(&self, name: &str) -> Option<Raw<'_>> {
        self.decoded().ok()?.unverified(name)
    }

    /// An unverified claim that is a string.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.claim(name)?.as_str()
    }

    /// An unverified claim as JavaScript compares it with a number; what is none compares as not a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.claim(name).map(as_number)
    }

    /// `iat` in whole seconds, where it is a time.
    pub(super) fn issued_at(&self) -> Option<i64> {
        #[allow(clippy::cast_possible_truncation)] // bounded
        self.number("iat").filter(|secs| secs.abs() < 1e15).map(|secs| secs as i64)
    }

    /// `iat`, or zero.
    fn iat(&self) -> f64 {
        self.number("iat").unwrap_or(0.0)
    }
}

/// Clerk's cookies, after the choice between plain and suffixed names.
pub(super) struct SessionCookies {
    pub(super) is_suffixed: bool,
    pub(super) session: Option<Rc<Carried>>,
    pub(super) refresh: Option<String>,
    /// When the session last changed, in seconds; zero for signed out, or unknown.
    pub(super) client_uat: f64,
    pub(super) dev_browser: Option<String>,
    pub(super) handshake_token: Option<String>,
    pub(super) handshake_nonce: Option<String>,
    /// How many handshakes there were in a row.
    pub(super) redirect_count: f64,
}

impl<'r> Context<'r> {
    pub(super) fn new(settings: &'r Settings, request: &'r RequestView, now: UnixMillis) -> Self {
        Self { settings, request, public_url: OnceCell::new(), cookies: OnceCell::new(), minted_off_time: Cell::new(None), now }
    }

    /// The token of the `Authorization` header: `Bearer` and a token, or a token alone; no other scheme.
    pub(super) fn token_in_header(&self) -> Option<Carried> {
        let header = self.request.header(HeaderName::Authorization)?;
        let seen = &self.settings.verifier.options.seen;
        let mut parts = header.pieces(b" ");
        let scheme = parts.next().unwrap_or_default();
        match parts.next().filter(|token| !token.is_empty()) {
            None => (!scheme.is_empty()).then(|| Carried::known(scheme, seen)),
            Some(token) => (scheme == "Bearer").then(|| Carried::known(token, seen)),
        }
    }

    /// A token from another place.
    pub(super) fn carried(&self, token: &str) -> Carried {
        Carried::known(token, &self.settings.verifier.options.seen)
    }

    pub(super) fn is_get(&self) -> bool {
        &*self.request.method == "GET"
    }

    /// Whether this is a document that the browser navigates to, as far as `Sec-Fetch-Dest` says.
    pub(super) fn is_document_navigation(&self) -> bool {
        self.is_get() && self.request.header(HeaderName::SecFetchDest) == Some("document")
    }

    /// Whether a token without `azp` may pass in navigations: a document, fetched by its own origin or typed in.
    fn is_same_origin_navigation(&self) -> bool {
        let site = self.request.header(HeaderName::SecFetchSite);
        self.is_document_navigation() && matches!(site, Some("same-origin" | "none"))
    }

    /// Whether the token of a cookie may have no `azp`.
    pub(super) fn allows_missing_azp_of_cookie(&self) -> bool {
        match self.settings.options.missing_azp {
            MissingAzp::Reject => false,
            MissingAzp::Observe => true,
            MissingAzp::Navigation => self.is_same_origin_navigation(),
        }
    }

    /// Whether a token that Clerk has just minted for this navigation may have no `azp`. It comes over the Frontend API, so
    /// `Sec-Fetch-Site` is not `same-origin`.
    pub(super) fn allows_missing_azp_of_minted(&self) -> bool {
        match self.settings.options.missing_azp {
            MissingAzp::Reject => false,
            MissingAzp::Observe => true,
            MissingAzp::Navigation => self.is_document_navigation(),
        }
    }

    /// Whether a token of the `Authorization` header may have no `azp`.
    pub(super) fn allows_missing_azp_of_header(&self) -> bool {
        match self.settings.options.missing_azp {
            MissingAzp::Reject | MissingAzp::Navigation => false,
            MissingAzp::Observe => true,
        }
    }

    #[inline(never)]
    pub(super) fn public_url(&self) -> Option<&WebUrl> {
        self.public_url.get_or_init(|| public_url(self.request, self.settings.options.forwarded_headers)).as_ref()
    }

    pub(super) fn param(&self, name: &str) -> Option<String> {
        self.public_url()?.param(name).filter(|value| !value.is_empty())
    }

    pub(super) fn is_development(&self) -> bool {
        self.settings.instance_type() == InstanceType::Development
    }

    /// The Frontend API: the proxy where there is one, else the one that issues the tokens.
    pub(super) fn frontend_api(&self) -> Option<String> {
        if let Some(proxy) = self.settings.options.proxy_url.clone().filter(|proxy| !proxy.is_empty()) {
            return if proxy.starts_with('/') {
                Some(text::concat(&[&*self.public_url()?.origin(), &proxy]))
            } else {
                Some(proxy)
            };
        }
        Some(self.settings.issuing_api().to_owned())
    }

    #[inline(never)]
    pub(super) fn cookies(&self) -> &SessionCookies {
        self.cookies.get_or_init(|| self.read_cookies())
    }

    fn read_cookies(&self) -> SessionCookies {
        let cookies = Cookies::new(self.request.header(HeaderName::Cookie).unwrap_or_default());
        let suffix = self.settings.cookie_suffix();
        let mut found = Found::default();
        cookies.each(|name, value| found.take(name, value, suffix));
        let Found { plain, suffixed, handshake, nonce, redirect_count } = found;
        let plain_session = self.carried_in(plain.session);
        // Clerk sets both cookies to the same token; it is decoded once.
        let suffixed_session =
            if suffixed.session == plain.session { plain_session.clone() } else { self.carried_in(suffixed.session) };
        let plain_uat = decoded(plain.client_uat);
        let suffixed_uat = decoded(suffixed.client_uat);
        let is_suffixed = self.uses_suffixed(
            plain_session.as_deref(),
            suffixed_session.as_deref(),
            plain_uat.as_deref(),
            suffixed_uat.as_deref(),
        );
        // Production has no business with the query: there the Frontend API sets cookies, and a link is anybody's to make.
        let in_query = |name| if self.is_development() { self.param(name) } else { None };
        let dev_browser = || owned(if is_suffixed { suffixed.dev_browser } else { plain.dev_browser });
        SessionCookies {
            is_suffixed,
            session: if is_suffixed { suffixed_session } else { plain_session },
            refresh: owned(suffixed.refresh),
            client_uat: parse_int(&if is_suffixed { suffixed_uat } else { plain_uat }.unwrap_or_default()),
            dev_browser: in_query(DEV_BROWSER).or_else(dev_browser),
            handshake_token: in_query(HANDSHAKE).or_else(|| owned(handshake)),
            handshake_nonce: in_query(HANDSHAKE_NONCE).or_else(|| owned(nonce)),
            redirect_count: to_number(&decoded(redirect_count).unwrap_or_default()),
        }
    }

    /// The token of a cookie.
    #[inline(never)]
    fn carried_in(&self, raw: Option<&str>) -> Option<Rc<Carried>> {
        let seen = &self.settings.verifier.options.seen;
        // What is remembered has no escapes.
        let carried = match seen.decoded(raw?) {
            Some(known) => Carried::remembered(known),
            None => Carried::unknown(&decoded(raw)?, seen),
        };
        Some(Rc::new(carried))
    }

    /// The choice between plain cookies, which all instances on a domain share, and suffixed ones, which are one instance's.
    ///
    /// Source: `AuthenticateContext.usesSuffixedCookies` in `@clerk/backend`, in its order.
    fn uses_suffixed(
        &self,
        session: Option<&Carried>,
        suffixed_session: Option<&Carried>,
        client_uat: Option<&str>,
        suffixed_client_uat: Option<&str>,
    ) -> bool {
        if let Some(session) = session {
            let issuer = session.claim("iss").filter(|issuer| issuer.is_truthy());
            let Some(issuer) = issuer else { return false };
            if !issuer.as_str().is_some_and(|issuer| self.is_of_instance(&issuer)) {
                return true;
            }
        }
        if suffixed_client_uat.is_none() && suffixed_session.is_none() {
            return false;
        }
        let (says_signed_out, suffixed_says_so) = (client_uat == Some("0"), suffixed_client_uat == Some("0"));
        let iat = session.map_or(0.0, Carried::iat);
        let suffixed_iat = suffixed_session.map_or(0.0, Carried::iat);
        if !suffixed_says_so && !says_signed_out && iat > suffixed_iat {
            return false;
        }
        if suffixed_says_so && !says_signed_out {
            return false;
        }
        if self.is_development() && !suffixed_says_so && says_signed_out {
            let exp = suffixed_session.and_then(|session| session.number("exp"));
            #[allow(clippy::cast_precision_loss)] // seconds since the epoch
            let now_secs = self.now.as_secs() as f64;
            if exp.is_some_and(|exp| exp <= now_secs) {
                return false;
            }
        }
        !(suffixed_client_uat.is_none() && suffixed_session.is_some())
    }

    /// Whether an unverified issuer is this instance's Frontend API.
    fn is_of_instance(&self, issuer: &str) -> bool {
        let instance = self.settings.issuing_api();
        if issuer.strip_prefix("https://") == Some(instance) {
            return true;
        }
        without_schemes(issuer) == instance
    }
}

/// An issuer as Clerk compares it: it takes out `http://` and `https://` in any case and anywhere.
fn without_schemes(issuer: &str) -> String {
    let (mut rest, mut host) = (issuer, String::new());
    while let Some((before, after)) = text::split_once(rest, "://") {
        let bare = ["https", "http"].into_iter().find_map(|scheme| {
            let (head, tail) = before.split_at_checked(before.len().checked_sub(scheme.len())?)?;
            is_same_name(tail, scheme).then_some(head)
        });
        host.push_str(bare.unwrap_or(before));
        host.push_str(if bare.is_some() { "" } else { "://" });
        rest = after;
    }
    host.push_str(rest);
    host
}

/// The cookies that matter, undecoded; of two with one name the first counts.
#[derive(Default)]
struct Found<'a> {
    plain: Named<'a>,
    suffixed: Named<'a>,
    handshake: Option<&'a str>,
    nonce: Option<&'a str>,
    redirect_count: Option<&'a str>,
}

#[derive(Default)]
struct Named<'a> {
    session: Option<&'a str>,
    refresh: Option<&'a str>,
    client_uat: Option<&'a str>,
    dev_browser: Option<&'a str>,
}

impl<'a> Found<'a> {
    fn take(&mut self, name: &str, value: &'a str, suffix: &str) {
        if !name.starts_with("__") {
            return;
        }
        let plain_name = name.strip_suffix(suffix).and_then(|name| name.strip_suffix('_'));
        let (family, family_name) = match plain_name {
            Some(plain_name) if !suffix.is_empty() => (&mut self.suffixed, plain_name),
            _ => (&mut self.plain, name),
        };
        let place = match family_name {
            "__session" => &mut family.session,
            "__refresh" => &mut family.refresh,
            "__client_uat" => &mut family.client_uat,
            DEV_BROWSER => &mut family.dev_browser,
            _ => match name {
                HANDSHAKE => &mut self.handshake,
                HANDSHAKE_NONCE => &mut self.nonce,
                REDIRECT_COUNT => &mut self.redirect_count,
                _ => return,
            },
        };
        place.get_or_insert(value);
    }
}

/// The same, to be kept.
#[inline(never)]
fn owned(raw: Option<&str>) -> Option<String> {
    decoded(raw).map(Cow::into_owned)
}

/// The value of a cookie; one that is empty is none.
fn decoded(raw: Option<&str>) -> Option<Cow<'_, str>> {
    raw.map(decode_value).filter(|value| !value.is_empty())
}

/// `Number.parseInt(text) || 0`.
fn parse_int(text: &str) -> f64 {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None => (10, digits),
    };
    let values = digits.chars().map_while(|char| char.to_digit(radix));
    let value = values.fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit));
    sign * value
}

/// `Number(value)`.
fn as_number(value: Raw<'_>) -> f64 {
    if let Some(number) = value.as_f64() {
        return number;
    }
    if let Some(text) = value.as_str() {
        return number_of(&text);
    }
    match value.elements().as_deref() {
        None => {
            if value.is_null() || value.text() == "false" {
                0.0
            } else if value.is_true() {
                1.0
            } else {
                f64::NAN
            }
        }
        Some([]) => 0.0,
        // A list is read as its elements' text.
        Some([one]) if one.text() == "false" || one.is_true() => f64::NAN,
        Some([one]) => as_number(*one),
        Some(_) => f64::NAN,
    }
}

/// `Number(text) || 0`.
fn to_number(text: &str) -> f64 {
    Some(number_of(text)).filter(|number| !number.is_nan()).unwrap_or(0.0)
}

/// `Number(text)`.
fn number_of(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    let radix = |prefix: &str, radix: u32| {
        let digits = text.get(2..).filter(|_| text.get(..2).is_some_and(|found| is_same_name(found, prefix)))?;
        digits.chars().try_fold(0.0, |sum, char| Some(sum * f64::from(radix) + f64::from(char.to_digit(radix)?)))
    };
    if let Some(value) = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)) {
        return value;
    }
    match text {
        "Infinity" | "+Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => parse_decimal(text).unwrap_or(f64::NAN),
    }
}

pub(super) const DEV_BROWSER: &str = "__clerk_db_jwt";
pub(super) const LEGACY_DEV_BROWSER: &str = "__dev_session";
pub(super) const HANDSHAKE: &str = "__clerk_handshake";
pub(super) const HANDSHAKE_NONCE: &str = "__clerk_handshake_nonce";
pub(super) const HANDSHAKE_HELP: &str = "__clerk_help";
pub(super) const REDIRECT_COUNT: &str = "__clerk_redirect_count";
pub(super) const SESSION: &str = "__session";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
        for (text, value) in [("", 0.0), ("12abc", 12.0), (" -3", -3.0), ("0x1f", 31.0), ("x", 0.0), ("1e3", 1.0), ("1.9", 1.0)] {
            assert_eq!(parse_int(text), value, "{text}");
        }
        for (text, value) in
            [("", 0.0), ("12abc", 0.0), (" -3 ", -3.0), ("0x1f", 31.0), ("0b11", 3.0), ("1e3", 1000.0), (".5", 0.5), ("inf", 0.0)]
        {
            assert_eq!(to_number(text), value, "{text}");
        }
        assert_eq!(to_number("Infinity"), f64::INFINITY);
    }

    #[test]
    fn claims_compare_as_javascript_compares_them() {
        let number = |json: &str| {
            let document = crate::json::Document::parse(&format!("{{\"iat\":{json}}}")).unwrap();
            as_number(document.get("iat").unwrap())
        };
        for (json, value) in
            [("null", 0.0), ("true", 1.0), ("false", 0.0), ("\"\"", 0.0), ("\" 7 \"", 7.0), ("[]", 0.0), ("[[5]]", 5.0)]
        {
            assert_eq!(number(json), value, "{json}");
        }
        for json in ["\"soon\"", "{}", "[true]", "[1,2]", "\"inf\""] {
            assert!(number(json).is_nan(), "{json}");
        }
    }

    #[test]
    fn the_scheme_of_an_issuer_is_taken_out_in_any_case_and_anywhere() {
        for (issuer, host) in [
            ("https://clerk.example.com", "clerk.example.com"),
            ("HTTP://clerk.example.com", "clerk.example.com"),
            ("https://https://clerk.hTTps://example.com", "clerk.example.com"),
            ("httphttps://x", "httpx"),
            ("shttp://x", "sx"),
            ("ftp://x", "ftp://x"),
            ("é://x", "é://x"),
            ("://x", "://x"),
            ("", ""),
        ] {
            assert_eq!(without_schemes(issuer), host, "{issuer}");
        }
    }

    #[test]
    fn the_first_cookie_of_a_name_counts() {
        let mut found = Found::default();
        for (name, value) in
            [("__session", "a"), ("__session", "b"), ("__session_sfx", "c"), ("__clerk_handshake_sfx", "d"), ("session", "e")]
        {
            found.take(name, value, "sfx");
        }
        assert_eq!((found.plain.session, found.suffixed.session, found.handshake), (Some("a"), Some("c"), None));
    }
}
