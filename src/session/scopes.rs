//! Version 2 claims: features by scope, permissions as bits.
//!
//! `fea` is a list such as `o:reports,u:beta,uo:both`: a feature of the organization, of the user, or of both. `o.per` names the
//! permissions, and `o.fpm` holds a decimal number for each feature of the organization, whose bits say which of the permissions
//! the user has for it.
//!
//! Source: `jwtPayloadParser.ts` and `splitByScope` in `@clerk/shared`.

use std::borrow::Cow;

use crate::{
    json::Raw,
    text::{self, ByAny as _},
};

/// A claim that cannot be read as what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The features (or plans) of one kind of owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Organization,
    User,
}

/// Hands the entries of a claim such as `fea` to `see`, each as its scope and its name.
///
/// # Errors
///
/// [`Malformed`] where one has no colon; the others were handed over.
fn each_entry<'a>(claim: &'a str, see: &mut dyn FnMut(&'a str, &'a str)) -> Result<(), Malformed> {
    let mut outcome = Ok(());
    if claim.is_empty() {
        return outcome;
    }
    for part in claim.pieces(b",") {
        match part.trim().cut(b":") {
            Some((scope, name)) => see(scope, name),
            None => outcome = Err(Malformed),
        }
    }
    outcome
}

fn is_of(scope: &str, owner: Owner) -> bool {
    match owner {
        Owner::Organization => matches!(scope, "o" | "ou" | "uo"),
        Owner::User => matches!(scope, "u" | "ou" | "uo"),
    }
}

/// Whether a claim holds a name, for an owner or, without one, for any.
pub(super) fn holds(claim: &str, owner: Option<Owner>, name: &str) -> Result<bool, Malformed> {
    let mut found = false;
    each_entry(claim, &mut |scope, entry_name| {
        let is_owner = match owner {
            Some(owner) => is_of(scope, owner),
            None => is_of(scope, Owner::Organization) || is_of(scope, Owner::User),
        };
        found |= is_owner && entry_name == name;
    })?;
    Ok(found)
}

/// Checks that a claim can be read; an absent or empty one can.
pub(super) fn check(claim: Option<Raw<'_>>) -> Result<(), Malformed> {
    match claim.filter(|claim| claim.is_truthy()) {
        None => Ok(()),
        Some(claim) => each_entry(&claim.as_str().ok_or(Malformed)?, &mut |_, _| {}),
    }
}

/// Checks that `per` and `fpm` of an organization can be read.
pub(super) fn check_permissions(org: Raw<'_>) -> Result<(), Malformed> {
    match permission_claims(org) {
        Some((per, fpm)) if !per.is_string() || !fpm.is_string() => Err(Malformed),
        _ => Ok(()),
    }
}

fn permission_claims(org: Raw<'_>) -> Option<(Raw<'_>, Raw<'_>)> {
    let truthy = |name| org.get(name).filter(|claim| claim.is_truthy());
    Some((truthy("per")?, truthy("fpm")?))
}

/// The permissions, spelled out.
pub(super) fn permissions(features: Option<Raw<'_>>, org: Raw<'_>) -> Vec<String> {
    let text = |claim: Raw<'_>| claim.as_string().unwrap_or_default();
    let Some((per, fpm)) = permission_claims(org) else { return Vec::new() };
    let (per, fpm) = (text(per), text(fpm));
    let features = features.map(text).unwrap_or_default();
    let mut all_bits = fpm.pieces(b",");
    let mut found = Vec::new();
    let _ = each_entry(&features, &mut |scope, feature| {
        if !is_of(scope, Owner::Organization) {
            return;
        }
        let mut digits = digits_of(all_bits.next().unwrap_or_default().trim());
        for name in per.pieces(b",") {
            if take_low_bit(&mut digits) {
                found.push(text::concat(&["org:", feature, ":", name.trim()]));
            }
        }
    });
    found
}

/// The digits of a decimal number of any length; none for what is no number.
fn digits_of(decimal: &str) -> Vec<u8> {
    if !text::is_all(decimal, |byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let mut digits = decimal.as_bytes().to_vec();
    for digit in &mut digits {
        *digit -= b'0';
    }
    digits
}

/// The lowest bit of a number, which is halved.
fn take_low_bit(digits: &mut [u8]) -> bool {
    let mut remainder = 0;
    for digit in digits {
        let value = remainder * 10 + *digit;
        *digit = value / 2;
        remainder = value % 2;
    }
    remainder == 1
}

/// A value as a template string would write it.
pub(super) fn as_template(value: Raw<'_>) -> Cow<'_, str> {
    value.as_str().unwrap_or(Cow::Borrowed(value.text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn read(json: &str) -> Vec<String> {
        let document = Document::parse(json).unwrap();
        permissions(document.get("fea"), document.get("o").unwrap())
    }

    #[test]
    fn bits_are_features_by_permissions() {
        let json = r#"{"fea":"o:a,u:x,uo:b","o":{"per":"read, manage","fpm":"1,3"}}"#;
        assert_eq!(read(json), ["org:a:read", "org:b:read", "org:b:manage"]);
    }

    #[test]
    fn numbers_of_any_length_are_read_and_nonsense_is_none() {
        let mut digits = digits_of("36893488147419103233");
        assert_eq!((0..66).filter(|_| take_low_bit(&mut digits)).count(), 2, "2^65 + 1");
        assert_eq!(read(r#"{"fea":"o:a","o":{"per":"read","fpm":"x"}}"#), Vec::<String>::new());
        assert_eq!(read(r#"{"fea":"o:a","o":{"per":"read"}}"#), Vec::<String>::new());
    }

    #[test]
    fn names_are_looked_for_in_their_scope() {
        let claim = "o:a, u:b,ou:c";
        assert_eq!(holds(claim, Some(Owner::User), "a"), Ok(false));
        assert_eq!(holds(claim, Some(Owner::User), "b"), Ok(true));
        assert_eq!(holds(claim, Some(Owner::Organization), "c"), Ok(true));
        assert_eq!(holds(claim, None, "a"), Ok(true));
        assert_eq!(holds("a", None, "a"), Err(Malformed));
    }
}
