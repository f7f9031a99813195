//! Key sets, as the Backend API or another issuer serves them.

use std::rc::Rc;

use super::KeySetError;
use crate::{
    json::{Document, Raw},
    key::VerificationKey,
    limits,
};

/// The keys of one instance.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Clone, Debug)]
struct Jwk {
    kid: String,
    key: Result<Rc<VerificationKey>, &'static str>,
}

impl KeySet {
    /// Reads a JWK Set. A member that is no key of ours stays in the set under its `kid` with what is wrong with it; one without
    /// a `kid` is left out. Keys that `previous` has too are taken over from there, ids and all.
    ///
    /// # Errors
    ///
    /// [`KeySetError::NotAKeySet`], [`KeySetError::Empty`] or [`KeySetError::TooManyKeys`].
    ///
    /// Source: RFC 7517 section 5.
    pub fn parse(json: &[u8], previous: Option<&Self>) -> Result<Self, KeySetError> {
        let Ok(document) = Document::parse_bytes(json.to_vec()) else { return Err(KeySetError::NotAKeySet) };
        if matches!(document, Document::Null) {
            return Err(KeySetError::NotAKeySet);
        }
        let members = document.get("keys").and_then(Raw::elements).unwrap_or_default();
        if members.is_empty() {
            return Err(KeySetError::Empty);
        }
        if members.len() > limits::KEYS_PER_SET {
            return Err(KeySetError::TooManyKeys);
        }
        let mut keys = Vec::new();
        for member in members {
            if let Some(kid) = member.get("kid").and_then(Raw::as_string) {
                keys.push(Jwk { kid, key: read_jwk(member, previous) });
            }
        }
        Ok(Self { keys })
    }

    /// The key with that `kid`, or what is wrong with it. Of two the last counts, as in Clerk.
    #[must_use]
    pub fn select(&self, kid: &str) -> Option<Result<Rc<VerificationKey>, &'static str>> {
        self.keys.iter().rev().find(|jwk| jwk.kid == kid).map(|jwk| jwk.key.clone())
    }
}

/// Reads a key; one that `previous` has too is that one.
fn read_jwk(jwk: Raw<'_>, previous: Option<&KeySet>) -> Result<Rc<VerificationKey>, &'static str> {
    let key = VerificationKey::read_jwk(jwk)?;
    let same = |known: &&Rc<VerificationKey>| known.members == key.members && known.algorithm == key.algorithm;
    let known = previous.and_then(|set| set.keys.iter().filter_map(|jwk| jwk.key.as_ref().ok()).find(same));
    Ok(known.cloned().unwrap_or(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base64;

    fn jwk(kid: &str, n_bytes: usize, more: &str) -> String {
        let n = base64::encode_url(&vec![0xC5; n_bytes]);
        format!(r#"{{"kid":"{kid}","kty":"RSA","n":"{n}","e":"AQAB"{more}}}"#)
    }

    fn set(keys: &[String]) -> KeySet {
        KeySet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes(), None).unwrap()
    }

    #[test]
    fn odd_members_are_named_and_never_used() {
        let set = set(&[
            jwk("good", 256, ""),
            jwk("small", 255, ""),
            jwk("enc", 256, r#","use":"enc""#),
            jwk("private", 256, r#","d":"AQ""#),
            jwk("signs", 256, r#","key_ops":["sign"]"#),
            jwk("other", 256, r#","alg":"ES256""#),
            jwk("symmetric", 256, r#","alg":"HS256""#),
            r#"{"kid":"ec","kty":"EC"}"#.into(),
            r#"{"kid":"oct","kty":"oct","k":"AQAB"}"#.into(),
            format!(r#"{{"kid":"short","kty":"EC","crv":"P-256","x":"{}","y":"AQ"}}"#, base64::encode_url(&[7; 32])),
            format!(r#"{{"kid":"crossed","kty":"OKP","crv":"Ed25519","alg":"ES256","x":"{}"}}"#, base64::encode_url(&[7; 32])),
            format!(r#"{{"kid":"k1","kty":"EC","crv":"secp256k1","x":"{0}","y":"{0}"}}"#, base64::encode_url(&[7; 32])),
            "null".into(),
            "[]".into(),
        ]);
        assert!(set.select("good").unwrap().is_ok());
        for kid in ["small", "enc", "private", "signs", "other", "symmetric", "ec", "oct", "short", "crossed", "k1"] {
            assert!(set.select(kid).unwrap().is_err(), "{kid}");
        }
        for kid in ["", "constructor", "__proto__", "undefined", "null"] {
            assert!(set.select(kid).is_none(), "{kid}");
        }
    }

    #[test]
    fn what_is_no_set_is_an_error() {
        for (json, error) in [
            ("<html>", KeySetError::NotAKeySet),
            ("null", KeySetError::NotAKeySet),
            ("{}", KeySetError::Empty),
            (r#"{"keys":{}}"#, KeySetError::Empty),
            (r#"{"keys":[]}"#, KeySetError::Empty),
        ] {
            assert_eq!(KeySet::parse(json.as_bytes(), None).unwrap_err(), error, "{json}");
        }
        let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; limits::KEYS_PER_SET + 1].join(","));
        assert_eq!(KeySet::parse(many.as_bytes(), None).unwrap_err(), KeySetError::TooManyKeys);
    }

    #[test]
    fn a_key_keeps_its_id_from_set_to_set_and_a_changed_key_does_not() {
        let first = set(&[jwk("a", 256, "")]);
        let json = format!(r#"{{"keys":[{},{}]}}"#, jwk("a", 256, ""), jwk("b", 257, ""));
        let second = KeySet::parse(json.as_bytes(), Some(&first)).unwrap();
        let id = |set: &KeySet, kid| set.select(kid).unwrap().unwrap().id;
        assert_eq!(id(&first, "a"), id(&second, "a"));
        assert_ne!(id(&second, "a"), id(&second, "b"));
    }
}
