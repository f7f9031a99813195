//! The assertion: what the headers tell the origin, signed by the gate, so that an origin that can be reached by other ways can tell.
//!
//! A JWT (RFC 7519), ES256, good for [`limits::ASSERTION_SECS`] and for this one request: it names the method, the path byte for byte
//! as it is forwarded, and the query by its SHA-256, which is short and tells nothing. Its claims are read off the headers of the
//! decision: the two cannot differ.
//!
//! It stands on every forwarded request, also where nobody is signed in: then without `sub`.

use super::{Action, Answer, Decision, Forward, Refusal, own, refuse};
use crate::{
    base64,
    headers::names,
    json::push_string,
    key::{SigningKey, SigningKeys, SigningRequest, digest},
    limits,
    machine::Io,
    reason,
    request::RequestView,
    settings::Settings,
    text::ByAny as _,
};

/// The type in the header: nobody mistakes it for another token (RFC 8725 section 3.11).
const TYPE: &str = "portcullis-assertion+jwt";

/// The claims that are headers too. The first of a claim's headers that is there counts.
const FROM_HEADERS: [(&str, &str); 10] = [
    ("sub", names::USER_ID),
    ("sub", names::SUBJECT),
    ("user_issuer", names::ISSUER),
    ("sid", names::SESSION_ID),
    ("org", names::ORG_ID),
    ("org_role", names::ORG_ROLE),
    ("role", names::ROLE),
    ("token_type", names::TOKEN_TYPE),
    ("status", names::AUTH_STATUS),
    ("jti", names::REQUEST_ID),
];

/// Adds the assertion to what is forwarded. Without a signature nothing is: an origin that asks for it would refuse the request, and
/// one that does not has no reason to have it.
pub(super) async fn sign(
    io: &Io,
    keys: &SigningKeys,
    settings: &Settings,
    request: &RequestView,
    mut decision: Decision,
) -> Decision {
    let (Action::Forward(forward) | Action::Webhook(forward)) = &decision.action else { return decision };
    if forward.proxied.is_some() {
        return decision;
    }
    let claims = claims(settings, request, forward, &decision, io.now().0.div_euclid(1000));
    let mut input = header(&keys.current);
    input.push('.');
    input.push_str(&base64::encode_url(claims.as_ref()));
    match io.sign(SigningRequest { key: keys.current.clone(), input: input.clone() }).await {
        Ok(signature) => {
            input.push('.');
            input.push_str(&base64::encode_url(signature.as_ref()));
            if let Action::Forward(forward) | Action::Webhook(forward) = &mut decision.action {
                forward.headers.push((names::ASSERTION, input.into()));
            }
            decision
        }
        Err(why) => {
            let refusal =
                own(refuse(request, Refusal::Misconfigured, reason::ASSERTION_NOT_SIGNED), reason::ASSERTION_NOT_SIGNED, &why);
            Decision { access: decision.access, rule: decision.rule, ..refusal }
        }
    }
}

/// The answer of `/.well-known/portcullis/jwks.json`. It is the same for everybody, so anything may keep it.
pub(super) fn key_set(keys: &SigningKeys) -> Answer {
    let fresh = ["public, max-age=", &limits::ASSERTION_KEYS_FRESH_SECS.to_string()].concat();
    let headers = vec![("cache-control", fresh), ("vary", "Accept-Encoding".to_owned())];
    Answer { status: 200, location: None, body: Some(("application/jwk-set+json", keys.public_set())), headers }
}

fn header(key: &SigningKey) -> String {
    let json = ["{\"alg\":\"ES256\",\"kid\":\"", key.kid(), "\",\"typ\":\"", TYPE, "\"}"].concat();
    base64::encode_url(json.as_ref())
}

fn claims(settings: &Settings, request: &RequestView, forward: &Forward, decision: &Decision, now_secs: i64) -> String {
    let (path, query) = match forward.target.cut(b"?") {
        Some((path, query)) => (path, Some(digest(query))),
        None => (&*forward.target, None),
    };
    let audience = settings.assertion_audience.as_deref().or(settings.origin.as_deref()).unwrap_or(&forward.public_origin);
    let mut claims = String::with_capacity(512);
    claims.push_str("{\"iss\":");
    push_string(&mut claims, &forward.public_origin);
    let mut text = |name: &str, value: &str| {
        claims.push_str(",\"");
        claims.push_str(name);
        claims.push_str("\":");
        push_string(&mut claims, value);
    };
    text("aud", audience);
    let mut last = "";
    for (claim, header) in FROM_HEADERS {
        let value = forward.headers.iter().find(|(name, _)| *name == header);
        if let Some((_, value)) = value.filter(|_| claim != last) {
            text(claim, value);
            last = claim;
        }
    }
    text("method", &request.method);
    text("path", path);
    if let Some(query) = &query {
        text("query", query);
    }
    text("access", decision.access.map_or("", |access| access.as_str()));
    text("rule", decision.rule.as_deref().unwrap_or_default());
    for (name, time) in [(",\"iat\":", now_secs), (",\"exp\":", now_secs + limits::ASSERTION_SECS)] {
        claims.push_str(name);
        claims.push_str(&time.to_string());
    }
    claims.push('}');
    claims
}
