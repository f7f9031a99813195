//! Tokens of other issuers than Clerk: any OpenID provider whose key set has an address.
//!
//! 1. A token belongs to the issuer that its unverified `iss` names, exactly; what comes of it is between that issuer's keys and
//!    that issuer's settings. No key, no cookie and no claim of one issuer counts for another, nor for Clerk.
//! 2. A token in the `Authorization` header that names an issuer is judged by it; all others there are Clerk's to judge.
//! 3. Without one the issuers' own headers and cookies are looked at, in the order of the settings; the first good token counts.
//!    Where none is, Clerk's session may still be good.
//! 4. Beyond what every token has to pass: `aud` has to be there and hold one of the audiences, `crit` names something that is not
//!    understood, and `typ` is that of an ID token or an access token.
//!
//! Source: RFC 7519 section 7.2; RFC 8725 sections 3.1, 3.8, 3.9, 3.11; RFC 9068 section 4.

use std::{future::Future, pin::Pin, rc::Rc};

use super::{
    Auth, AuthenticateError, RequestState, Status, TokenType,
    auth::JsonObject,
    context::{Carried, Context},
    cookies::{Cookies, decode_value},
    machine::meets_audience,
    state::Headers,
    with_cookies,
};
use crate::{
    json::Raw,
    key::Algorithm,
    limits,
    machine::{BackendRequest, Io, Purpose, rare},
    reason::Reason,
    request::HeaderName,
    text,
    token::{KeySource, Leniency, RemoteKeys, SeenTokens, TokenError, Verified, VerifiedClaims, VerifyOptions, verify},
};

/// Whose tokens to take beside Clerk's, and what they have to say.
#[derive(Clone, Debug)]
pub struct IssuerOptions {
    /// `iss`, to the letter.
    pub issuer: String,
    /// Where the key set is.
    pub jwks_url: String,
    /// The cookie that holds a token.
    pub cookie: Option<String>,
    /// The header that holds a token, in lower case; `authorization` holds it behind `Bearer`.
    pub header: Option<String>,
    /// One of these has to be in `aud`.
    pub audience: Vec<String>,
    /// What tokens may be signed with.
    pub algorithms: Vec<Algorithm>,
    /// Where a token says who its user is: the members to walk from the top of the claims.
    pub user_id: Vec<String>,
    /// Where it says what roles the user has: a string or a list of them.
    pub role: Vec<String>,
    /// Where it says what the user may: a list of strings, or one string with blanks between.
    pub permissions: Vec<String>,
}

/// Issuers beside Clerk; none by [`Default`]. What is done about their tokens is known by [`of`](Self::of) alone, so that a host that
/// never asks for it does not carry it.
#[derive(Clone, Default)]
pub struct OtherIssuers {
    options: Option<Rc<dyn Ready>>,
}

impl core::fmt::Debug for OtherIssuers {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.is_empty() { "no other issuers" } else { "other issuers" })
    }
}

impl OtherIssuers {
    /// These.
    #[must_use]
    pub fn of(list: Vec<IssuerOptions>) -> Self {
        if list.is_empty() { Self::default() } else { Self { options: Some(Rc::new(list)) } }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.options.is_none()
    }

    pub(super) fn ready(&self, clock_skew: core::time::Duration, seen: &Rc<SeenTokens>) -> Option<Rc<dyn Issuers>> {
        Some(self.options.as_ref()?.ready(clock_skew, seen))
    }
}

/// What issuers are made ready from.
trait Ready {
    fn ready(&self, clock_skew: core::time::Duration, seen: &Rc<SeenTokens>) -> Rc<dyn Issuers>;
}

impl Ready for Vec<IssuerOptions> {
    fn ready(&self, clock_skew: core::time::Duration, seen: &Rc<SeenTokens>) -> Rc<dyn Issuers> {
        Rc::new(self.iter().map(|issuer| Issuer::new(issuer, clock_skew, seen)).collect::<Vec<_>>())
    }
}

/// What came of a request.
type Authenticated = Result<Box<RequestState>, AuthenticateError>;

/// Issuers, made ready.
pub(super) trait Issuers {
    fn all(&self) -> &[Issuer];

    /// See [`authenticate`].
    fn authenticate<'a>(
        &'a self,
        io: &'a Io,
        context: &'a Context<'_>,
    ) -> Pin<Box<dyn Future<Output = Option<Authenticated>> + 'a>>;
}

impl Issuers for Vec<Issuer> {
    fn all(&self) -> &[Issuer] {
        self
    }

    fn authenticate<'a>(
        &'a self,
        io: &'a Io,
        context: &'a Context<'_>,
    ) -> Pin<Box<dyn Future<Output = Option<Authenticated>> + 'a>> {
        Box::pin(authenticate(self, io, context))
    }
}

/// An issuer, made ready.
pub(super) struct Issuer {
    options: IssuerOptions,
    keys: KeySource,
    verify: VerifyOptions,
}

/// What a token of another issuer says about its user, beside the claims.
#[derive(Clone, Debug)]
pub(super) struct IssuedFacts {
    /// Known by who makes one alone, so that a host without other issuers does not carry it.
    pub(super) write: fn(&Self, &VerifiedClaims, &mut JsonObject),
    pub(super) issuer: Rc<str>,
    pub(super) user_id: String,
    pub(super) roles: Vec<String>,
    pub(super) permissions: Vec<String>,
}

/// A token that was presented, and the issuer that it is for.
pub(super) struct Presented<'a> {
    issuer: &'a Issuer,
    token: Carried,
    /// Whether its `iss` names the issuer; only then it is worth a look.
    is_named: bool,
}

/// The types of ID tokens and access tokens, as they are written (RFC 7519 section 5.1, RFC 9068 section 2.1). Others that an issuer
/// signs with the same keys say something else: logout tokens, security events, proofs of possession.
const TYPES: [&str; 4] = ["JWT", "jwt", "at+jwt", "application/at+jwt"];

const AUTHORIZATION: &str = "authorization";

impl Issuer {
    pub(super) fn new(options: &IssuerOptions, clock_skew: core::time::Duration, seen: &Rc<SeenTokens>) -> Self {
        let request = BackendRequest {
            purpose: Purpose::KeySet,
            method: "GET",
            url: options.jwks_url.clone(),
            // INVARIANT: nothing that is secret goes to another host than Clerk's.
            headers: vec![("accept", "application/json".into())],
            body: None,
            time_limit: limits::BACKEND_TIME_LIMIT,
        };
        let attempts = limits::GATE_KEY_SET_ATTEMPTS;
        Self {
            keys: KeySource::Remote(RemoteKeys { request: Some(request), cache: Rc::default(), skip_cache: false, attempts }),
            verify: VerifyOptions {
                issuer: vec![options.issuer.clone()],
                clock_skew,
                header_type: Some(TYPES.map(str::to_owned).to_vec()),
                type_is_optional: true,
                algorithms: options.algorithms.clone().into(),
                seen: seen.clone(),
                ..VerifyOptions::default()
            },
            options: options.clone(),
        }
    }

    pub(super) fn keys(&self) -> &KeySource {
        &self.keys
    }

    fn takes_authorization(&self) -> bool {
        self.options.header.as_deref() == Some(AUTHORIZATION)
    }

    fn is_named_by(&self, token: &Carried) -> bool {
        token.text("iss").is_some_and(|issuer| issuer == self.options.issuer)
    }

    async fn verify(&self, io: &Io, token: &Carried) -> Verified {
        let jws = token.decoded()?;
        if jws.header().has_crit() {
            return Err(TokenError::Malformed("crit names what has to be understood, and nothing is").into());
        }
        let claims = verify::verify_jwt(io, jws, &self.keys, &self.verify, Leniency::default()).await?;
        let aud = claims.get("aud");
        if !meets_audience(aud, &self.options.audience) {
            return Err(TokenError::Audience { found: verify::show(aud), expected: self.options.audience.len() }.into());
        }
        Ok(claims)
    }

    fn facts(&self, claims: &VerifiedClaims) -> Result<IssuedFacts, Box<TokenError>> {
        let at = |path: &[String]| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            claims.at(&path)
        };
        let user_id = at(&self.options.user_id);
        let no_user = || TokenError::Subject { found: verify::show(user_id) };
        let user_id = user_id.and_then(Raw::as_str).filter(|id| !id.is_empty()).ok_or_else(no_user)?.into_owned();
        let roles = texts(at(&self.options.role), false);
        let permissions = texts(at(&self.options.permissions), true);
        Ok(IssuedFacts {
            write: IssuedFacts::write_members,
            issuer: self.options.issuer.as_str().into(),
            user_id,
            roles,
            permissions,
        })
    }
}

impl<'a> Presented<'a> {
    /// What comes of the token.
    ///
    /// # Errors
    ///
    /// The first [`TokenError`] in the order of [`verify`].
    pub(super) async fn verify(&self, io: &Io) -> Verified {
        if !self.is_named && self.token.decoded().is_ok() {
            let found = verify::show(self.token.claim("iss"));
            return Err(TokenError::Issuer { found, expected: 1 }.into());
        }
        self.issuer.verify(io, &self.token).await
    }

    /// The issuer that it is for.
    pub(super) fn issuer(&self) -> &'a str {
        &self.issuer.options.issuer
    }

    /// What comes of the token, its user's id included.
    pub(super) async fn verify_with_user(&self, io: &Io) -> Verified {
        let claims = self.verify(io).await?;
        self.issuer.facts(&claims)?;
        Ok(claims)
    }

    async fn authenticate(&self, io: &Io) -> Box<RequestState> {
        let judged = self.verify(io).await.and_then(|claims| Ok((self.issuer.facts(&claims)?, claims)));
        match judged {
            Ok((facts, claims)) => {
                let auth = Auth::issued(claims, facts);
                RequestState::signed_in(self.token.token.clone(), TokenType::SessionToken, auth, Headers::default())
            }
            Err(error) => {
                let unknown = error.is_unknown();
                let message = self.in_words(&error);
                RequestState::signed_out_quietly(error.reason(), message).unknown_if(unknown)
            }
        }
    }

    /// The error in words for the operator; the help is for Clerk's settings.
    fn in_words(&self, error: &TokenError) -> String {
        let words = error.to_string();
        let words = text::split_once(&words, "; help:").map_or(words.as_str(), |(words, _)| words);
        text::concat(&["issuer ", &self.issuer.options.issuer, ": ", words])
    }
}

/// The token of the `Authorization` header, where it is another issuer's.
pub(super) fn in_authorization<'a>(issuers: &'a [Issuer], context: &Context<'_>) -> Option<Presented<'a>> {
    if !issuers.iter().any(Issuer::takes_authorization) {
        return None;
    }
    let token = context.token_in_header()?;
    let issuer = issuers.iter().find(|issuer| issuer.takes_authorization() && issuer.is_named_by(&token))?;
    Some(Presented { issuer, token, is_named: true })
}

/// The token as one of the issuer that it names, wherever its tokens stand.
pub(super) fn named_by<'a>(issuers: &'a [Issuer], token: &str) -> Option<Presented<'a>> {
    let token = Carried::new(token);
    let issuer = issuers.iter().find(|issuer| issuer.is_named_by(&token))?;
    Some(Presented { issuer, token, is_named: true })
}

/// The tokens that a browser, or a proxy before us, sends along by itself: in cookies and in headers of the issuers' own.
pub(super) fn ambient<'a>(issuers: &'a [Issuer], context: &Context<'_>) -> Vec<Presented<'a>> {
    let mut presented = Vec::new();
    let mut cookies = None;
    for issuer in issuers {
        let Issuer { options, .. } = issuer;
        let header = options.header.as_deref().filter(|name| *name != AUTHORIZATION);
        let in_header = header.and_then(|name| context.request.headers.named(name));
        let in_header = in_header.map(|value| value.strip_prefix("Bearer ").unwrap_or(&value).to_owned());
        let in_cookie = options.cookie.as_deref().and_then(|name| {
            let read = || Cookies::new(context.request.header(HeaderName::Cookie).unwrap_or_default());
            cookies.get_or_insert_with(read).first(name).map(|value| decode_value(value).into_owned())
        });
        for token in [in_header, in_cookie].into_iter().flatten().filter(|token| !token.is_empty()) {
            let token = context.carried(&token);
            presented.push(Presented { is_named: issuer.is_named_by(&token), issuer, token });
        }
    }
    presented
}

/// What the ambient tokens come to: the first that signs in, else the refusal that says most. `None` where there is none.
async fn authenticate_ambient(issuers: &[Issuer], io: &Io, context: &Context<'_>) -> Option<Box<RequestState>> {
    let mut refused: Option<Box<RequestState>> = None;
    for presented in ambient(issuers, context) {
        let mut state = presented.authenticate(io).await;
        state.from_cookies = true;
        if state.status == Status::SignedIn {
            return Some(state);
        }
        // A token that could not be checked is not refused; one that names its issuer was meant for it.
        let says_more = presented.is_named && refused.as_ref().is_none_or(|refused| !refused.unknown) || state.unknown;
        if refused.is_none() || says_more {
            refused = Some(state);
        }
    }
    refused
}

/// What a request comes to where issuers are named: by their tokens, or since there is nobody else. `None` where it is Clerk's to judge.
async fn authenticate(issuers: &[Issuer], io: &Io, context: &Context<'_>) -> Option<Authenticated> {
    let takes_sessions = context.settings.options.accepts_token.accepts_sessions();
    if takes_sessions && let Some(presented) = in_authorization(issuers, context) {
        return Some(Ok(presented.authenticate(io).await));
    }
    let has_token = context.token_in_header().is_some();
    if takes_sessions
        && !has_token
        && let Some(state) = authenticate_ambient(issuers, io, context).await
    {
        return Some(rare(beside_clerk(context, io, state)).await);
    }
    // What takes machine tokens alone knows no instance, which is Clerk's to judge all the same.
    if !context.settings.options.publishable_key.is_empty() {
        return None;
    }
    let reason = if has_token { Reason::TokenInvalidIssuer } else { Reason::TokenMissing };
    Some(Ok(RequestState::signed_out(reason)))
}

/// A session of another issuer beside Clerk's cookies: whichever is good. An outage of either is no sign-out.
async fn beside_clerk(context: &Context<'_>, io: &Io, state: Box<RequestState>) -> Authenticated {
    if state.is_authenticated() || context.settings.instance.is_none() {
        return Ok(state);
    }
    let of_clerk = with_cookies(context, io).await?;
    let is_empty = of_clerk.reason == Some(Reason::SessionTokenAndUatMissing);
    let is_undone = !of_clerk.is_authenticated() && state.unknown;
    Ok(if is_undone || is_empty { state } else { of_clerk })
}

/// A string, or a list of strings; with `is_scope` one string is a list with blanks between (RFC 6749 section 3.3).
fn texts(claim: Option<Raw<'_>>, is_scope: bool) -> Vec<String> {
    let Some(claim) = claim else { return Vec::new() };
    match claim.as_str() {
        Some(text) if is_scope => text.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        Some(text) => vec![text.into_owned()],
        None => claim.as_strings().unwrap_or_default(),
    }
}
