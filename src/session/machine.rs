//! Machine tokens: API keys, machine-to-machine and OAuth tokens. Opaque ones are the Backend API's to judge, JWTs are verified
//! here.
//!
//! Source: `machine.ts`, `verify.ts` and `verifyMachineJwt.ts` in `@clerk/backend`.

use std::rc::Rc;

use super::{Auth, AuthenticateOptions, RequestState, Settings, TokenType, auth::JsonObject, state::Headers};
use crate::{
    json::{Document, Raw, push_string},
    machine::{Io, Purpose},
    reason::Reason,
    text::ByAny as _,
    token::{Category, CompactJws, Leniency, VerifiedClaims, VerifyOptions, compact::is_jwt_format, verify},
};

/// The kind of a machine token, by its prefix or, for a JWT, by its claims. `None` for what is none.
pub(super) fn kind_of(token: &str, jws: Option<&CompactJws>) -> Option<TokenType> {
    let jws = jws.filter(|_| is_jwt_format(token));
    if token.starts_with("mt_") || jws.is_some_and(is_m2m) {
        Some(TokenType::M2mToken)
    } else if token.starts_with("oat_") || jws.is_some_and(is_oauth) {
        Some(TokenType::OauthToken)
    } else if token.starts_with("ak_") {
        Some(TokenType::ApiKey)
    } else {
        None
    }
}

/// Whether a JWT is a machine's: it must not pass for a session token, though one key signs both.
pub(super) fn is_machine_jwt(jws: &CompactJws) -> bool {
    is_m2m(jws) || is_oauth(jws)
}

fn is_m2m(jws: &CompactJws) -> bool {
    jws.unverified("sub").and_then(Raw::as_str).is_some_and(|sub| sub.starts_with("mch_"))
}

fn is_oauth(jws: &CompactJws) -> bool {
    matches!(jws.header().typ(), Some("at+jwt" | "application/at+jwt"))
}

/// What stands behind a machine token, or the state of one that is not taken.
type Judged = Result<Box<MachineAuth>, Box<RequestState>>;

fn refuse(kind: TokenType, reason: Reason, message: &str, unknown: bool) -> Box<RequestState> {
    RequestState::without_machine(Some(kind), reason, message.to_owned()).unknown_if(unknown)
}

/// Verifies a machine token.
pub(super) async fn authenticate(settings: &Settings, io: &Io, token: &Rc<str>, kind: TokenType) -> Box<RequestState> {
    let verified =
        if is_jwt_format(token) { verify_jwt(settings, io, token).await } else { verify_opaque(settings, io, token, kind).await };
    match verified {
        Ok(machine) => {
            let kind = machine.kind;
            RequestState::signed_in(token.clone(), kind, Auth::machine(machine), Headers::default())
        }
        Err(refused) => refused,
    }
}

/// What JWTs of machines are checked against.
pub(super) struct MachineOptions {
    m2m: VerifyOptions,
    oauth: VerifyOptions,
}

fn machine_options(settings: &Settings) -> &MachineOptions {
    settings.machine_options.get_or_init(|| {
        Box::new({
            let AuthenticateOptions { audience, clock_skew, .. } = &settings.options;
            let types = vec!["at+jwt".to_owned(), "application/at+jwt".to_owned()];
            MachineOptions {
                m2m: VerifyOptions { audience: audience.clone(), clock_skew: *clock_skew, ..VerifyOptions::default() },
                oauth: VerifyOptions { header_type: Some(types), clock_skew: *clock_skew, ..VerifyOptions::default() },
            }
        })
    })
}

async fn verify_jwt(settings: &Settings, io: &Io, token: &Rc<str>) -> Judged {
    let jws = CompactJws::decode(token);
    let jws = jws.map_err(|error| refuse(TokenType::M2mToken, Reason::TokenInvalid, &error.text(), false))?;
    let kind = if is_m2m(&jws) { TokenType::M2mToken } else { TokenType::OauthToken };
    let verifier = &settings.verifier;
    let options = match kind {
        TokenType::M2mToken => {
            if !matches!(jws.header().category(), Category::Absent | Category::Machine) {
                return Err(refuse(kind, Reason::TokenInvalid, "the token's category is not that of a machine token", false));
            }
            &machine_options(settings).m2m
        }
        _ => &machine_options(settings).oauth,
    };
    let claims = verify::verify_jwt(io, &jws, &verifier.keys, options, Leniency::default()).await;
    let claims = claims.map_err(|error| refuse(kind, Reason::TokenVerificationFailed, &error.text(), error.is_unknown()))?;
    if kind == TokenType::M2mToken {
        return Ok(MachineAuth::from_m2m_claims(&claims));
    }
    if !meets_audience(claims.get("aud"), &verifier.options.audience) {
        return Err(refuse(kind, Reason::TokenVerificationFailed, NOT_FOR_US, false));
    }
    Ok(MachineAuth::from_oauth_claims(&claims))
}

async fn verify_opaque(settings: &Settings, io: &Io, token: &str, kind: TokenType) -> Judged {
    let (path, field) = match kind {
        TokenType::M2mToken => ("/m2m_tokens/verify", "token"),
        TokenType::OauthToken => ("/oauth_applications/access_tokens/verify", "access_token"),
        TokenType::ApiKey | TokenType::SessionToken => ("/api_keys/verify", "secret"),
    };
    let refuse = |reason, message: &str, unknown| refuse(kind, reason, message, unknown);
    let mut body = JsonObject::new();
    body.text(field, token);
    let is_m2m = kind == TokenType::M2mToken;
    let request = settings.backend.unversioned(Purpose::MachineToken, path, body.finish(), is_m2m);
    let request = request.ok_or_else(|| refuse(Reason::UnexpectedError, "the Backend API's address is no http(s) URL", true))?;
    let outage = |outage: crate::machine::Outage| refuse(Reason::UnexpectedError, &outage.0, true);
    let response = io.backend(request).await.map_err(outage)?;
    match response.status {
        200..=299 => {}
        401 => return Err(refuse(Reason::SecretKeyInvalid, "the Backend API does not know the secret key", true)),
        404 => return Err(refuse(Reason::TokenInvalid, "the Backend API does not know the token", false)),
        status => {
            let unknown = status >= 500 || status == 429;
            return Err(refuse(Reason::UnexpectedError, "the Backend API refused to check the token", unknown));
        }
    }
    let odd = || refuse(Reason::UnexpectedError, "the Backend API's answer is no token", true);
    let answer = Document::parse_bytes(response.body).map_err(|_| odd())?;
    // Clerk's library leaves these two to its callers; to let such a token in is nobody's wish.
    for state in ["revoked", "expired"] {
        if answer.get(state).is_some_and(Raw::is_truthy) {
            return Err(refuse(Reason::TokenInvalid, state, false));
        }
    }
    if kind == TokenType::OauthToken && !meets_audience(answer.get("aud"), &settings.verifier.options.audience) {
        return Err(refuse(Reason::TokenVerificationFailed, NOT_FOR_US, false));
    }
    MachineAuth::from_answer(kind, &answer).ok_or_else(odd)
}

/// Whether the audience of an OAuth token is ours. Unlike a session token's it has to be there.
///
/// Source: `assertOAuthAudienceClaim` in `@clerk/backend`.
pub(super) fn meets_audience(aud: Option<Raw<'_>>, audience: &[String]) -> bool {
    if audience.iter().all(String::is_empty) {
        return true;
    }
    let auds = aud.and_then(Raw::as_string_or_strings).unwrap_or_default();
    !auds.iter().any(String::is_empty) && auds.iter().any(|aud| audience.iter().any(|one| one == aud))
}

/// What stands behind a machine token.
#[derive(Clone, Debug)]
pub struct MachineAuth {
    /// Known by who makes one alone, so that a host without machine tokens does not carry it.
    write: fn(&Self, &mut JsonObject),
    kind: TokenType,
    subject: String,
    /// Members as JSON, in Clerk's names.
    members: Vec<(&'static str, String)>,
}

impl MachineAuth {
    /// The kind of token.
    #[must_use]
    pub fn token_type(&self) -> TokenType {
        self.kind
    }

    /// Who the token is for: `user_…`, `org_…` or `mch_…`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The user behind it, if one is.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        Some(self.subject.as_str()).filter(|subject| subject.starts_with("user_"))
    }

    /// The organization behind it, if one is.
    #[must_use]
    pub fn org_id(&self) -> Option<&str> {
        Some(self.subject.as_str()).filter(|subject| subject.starts_with("org_"))
    }

    /// Reads the Backend API's answer. An answer that does not say which resource it is stands in JavaScript's names.
    fn from_answer(kind: TokenType, answer: &Document) -> Option<Box<Self>> {
        let subject = answer.get("subject")?.as_string()?;
        let mut members = Vec::new();
        let mut copy = |name: &'static str, from: &str| {
            if let Some(value) = answer.get(from) {
                members.push((name, value.text().to_owned()));
            }
        };
        for name in ["id", "subject", "scopes"] {
            copy(name, name);
        }
        match kind {
            TokenType::ApiKey => {
                copy("name", "name");
                copy("claims", "claims");
            }
            TokenType::M2mToken => copy("claims", "claims"),
            _ => copy("clientId", if answer.get("object").is_some() { "client_id" } else { "clientId" }),
        }
        Some(Box::new(Self { write: Self::write_members, kind, subject, members }))
    }

    fn from_m2m_claims(claims: &VerifiedClaims) -> Box<Self> {
        let mut custom = JsonObject::new();
        let mut has_custom = false;
        claims.root().each_member(|name, value| {
            if !matches!(&*name, "iss" | "sub" | "exp" | "nbf" | "iat" | "jti") {
                has_custom = true;
                custom.raw(&name, value.text());
            }
        });
        let scopes = claims.text("scopes").map(|scopes| split_scopes(&scopes));
        let aud = || claims.get("aud").filter(|aud| !aud.is_null()).map(|aud| aud.text().to_owned());
        let scopes = scopes.or_else(aud).unwrap_or_else(|| "[]".into());
        let custom = if has_custom { custom.finish() } else { "null".into() };
        Self::from_claims(TokenType::M2mToken, claims, vec![("claims", custom), ("scopes", scopes)])
    }

    fn from_oauth_claims(claims: &VerifiedClaims) -> Box<Self> {
        let scp = claims.get("scp").filter(|scp| !scp.is_null()).map(|scp| scp.text().to_owned());
        let scopes = scp.or_else(|| claims.text("scope").map(|scope| split_scopes(&scope))).unwrap_or_else(|| "[]".into());
        let client_id = or_empty(claims.get("client_id"));
        Self::from_claims(TokenType::OauthToken, claims, vec![("clientId", client_id), ("scopes", scopes)])
    }

    fn from_claims(kind: TokenType, claims: &VerifiedClaims, mut members: Vec<(&'static str, String)>) -> Box<Self> {
        members.push(("id", or_empty(claims.get("jti"))));
        if let Some(sub) = claims.get("sub") {
            members.push(("subject", sub.text().to_owned()));
        }
        Box::new(Self { write: Self::write_members, kind, subject: claims.text("sub").unwrap_or_default().into_owned(), members })
    }

    pub(super) fn write(&self, out: &mut JsonObject) {
        (self.write)(self, out);
    }

    fn write_members(&self, out: &mut JsonObject) {
        for (name, json) in &self.members {
            out.raw(name, json);
        }
        out.raw("isAuthenticated", "true");
        out.text("tokenType", self.kind.as_str());
        match self.kind {
            TokenType::ApiKey => {
                for (name, id) in [("userId", self.user_id()), ("orgId", self.org_id())] {
                    match id {
                        Some(id) => out.text(name, id),
                        None => out.raw(name, "null"),
                    }
                }
            }
            TokenType::M2mToken => out.text("machineId", &self.subject),
            TokenType::OauthToken | TokenType::SessionToken => out.text("userId", &self.subject),
        }
    }
}

/// Nobody, where a machine's token of some kind was asked for, or any of several kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoMachine {
    /// As [`MachineAuth`] has it.
    write: fn(Self, &mut JsonObject),
    kind: Option<TokenType>,
}

impl NoMachine {
    pub(super) fn of(kind: Option<TokenType>) -> Self {
        Self { write: Self::write_members, kind }
    }

    pub(super) fn write(self, out: &mut JsonObject) {
        (self.write)(self, out);
    }

    fn write_members(self, out: &mut JsonObject) {
        let own: &[&str] = match self.kind {
            None => &[],
            Some(TokenType::ApiKey) => &["id", "subject", "scopes", "name", "claims", "userId", "orgId"],
            Some(TokenType::M2mToken) => &["id", "subject", "scopes", "claims", "machineId"],
            Some(TokenType::OauthToken | TokenType::SessionToken) => &["id", "subject", "scopes", "userId", "clientId"],
        };
        for name in own {
            out.raw(name, "null");
        }
        out.raw("isAuthenticated", "false");
        match self.kind {
            Some(kind) => out.text("tokenType", kind.as_str()),
            None => out.raw("tokenType", "null"),
        }
    }
}

/// A list of scopes with blanks between, as a JSON array.
fn split_scopes(scopes: &str) -> String {
    let mut json = String::from("[");
    for (at, scope) in scopes.pieces(b" ").enumerate() {
        if at > 0 {
            json.push(',');
        }
        push_string(&mut json, scope);
    }
    json.push(']');
    json
}

fn or_empty(value: Option<Raw<'_>>) -> String {
    value.filter(|value| !value.is_null()).map_or_else(|| "\"\"".into(), |value| value.text().to_owned())
}

const NOT_FOR_US: &str = "the token's audience is none of those that were asked for";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_say_the_kind() {
        assert_eq!(kind_of("ak_1", None), Some(TokenType::ApiKey));
        assert_eq!(kind_of("mt_1", None), Some(TokenType::M2mToken));
        assert_eq!(kind_of("oat_1", None), Some(TokenType::OauthToken));
        assert_eq!(kind_of("AK_1", None), None);
    }

    #[test]
    fn an_audience_that_is_asked_for_has_to_be_there() {
        let audience = ["api".to_owned()];
        let meets = |json: &str| meets_audience(Document::parse(json).unwrap().get("aud"), &audience);
        assert!(meets(r#"{"aud":"api"}"#));
        assert!(meets(r#"{"aud":["x","api"]}"#));
        for json in ["{}", r#"{"aud":"x"}"#, r#"{"aud":[]}"#, r#"{"aud":["api",""]}"#, r#"{"aud":["api",1]}"#, r#"{"aud":1}"#] {
            assert!(!meets(json), "{json}");
        }
        assert!(meets_audience(None, &[]));
    }
}
