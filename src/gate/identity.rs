//! The headers that tell the origin who asks.

use std::borrow::Cow;

use crate::{
    headers::{Field, names},
    path::JudgedTarget,
    policy::ClaimTest,
    session::{Auth, RequestState},
    settings::Settings,
    text,
};

/// Header fields for the origin. Whatever is not known is absent: the host has taken off what the client sent.
pub(super) fn headers(settings: &Settings, target: &JudgedTarget, request_id: &str, state: &RequestState) -> Vec<Field> {
    let auth = &state.auth;
    let is_signed_in = auth.is_authenticated();
    let status = match (is_signed_in, state.unknown) {
        (true, _) => "signed-in",
        (false, true) => "unknown",
        (false, false) => "signed-out",
    };
    let mut headers = Vec::with_capacity(9);
    headers.push((names::AUTH_STATUS, Cow::Borrowed(status)));
    set(&mut headers, names::REQUEST_ID, Some(request_id));
    set(&mut headers, names::FORWARDED_HOST, Some(target.host()));
    headers.push((names::FORWARDED_PROTO, Cow::Borrowed(target.scheme())));
    if is_signed_in {
        if let Some(machine) = auth.machine_auth() {
            set(&mut headers, names::TOKEN_TYPE, Some(machine.token_type().as_str()));
            set(&mut headers, names::SUBJECT, Some(machine.subject()));
        }
        set(&mut headers, names::ISSUER, auth.issuer());
        set(&mut headers, names::USER_ID, auth.user_id());
        set(&mut headers, names::SESSION_ID, auth.session_id());
        set(&mut headers, names::ORG_ID, auth.org_id());
        set(&mut headers, names::ORG_ROLE, auth.org_role());
        set(&mut headers, names::ROLE, role(settings.policy.admin_requires.claim.as_ref(), auth).as_deref());
    }
    headers
}

/// Sets a field, where there is a value that can stand in one.
fn set(headers: &mut Vec<Field>, name: &'static str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| is_field_value(value)) {
        headers.push((name, Cow::Owned(value.to_owned())));
    }
}

/// The user's role: the claim that makes an admin, where it is a string.
fn role(claim: Option<&ClaimTest>, auth: &Auth) -> Option<String> {
    let (first, rest) = claim?.path.split_first()?;
    let mut value = auth.claims()?.get(first)?;
    for step in rest {
        value = value.get(step)?;
    }
    value.as_string()
}

/// A value that every server reads as the same text: visible ASCII and blanks inside (RFC 9110 section 5.5).
fn is_field_value(value: &str) -> bool {
    let is_padded = value.starts_with(' ') || value.ends_with(' ');
    !value.is_empty() && value.len() <= 1024 && !is_padded && text::is_visible(value)
}
