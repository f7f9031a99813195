//! Public keys: from a JWK, or from the PEM text of `CLERK_JWT_KEY`.

use std::{
    rc::Rc,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Algorithm, KeyKind};
use crate::{base64, json::Raw, limits, text};

/// A public key that may verify.
#[derive(Debug)]
pub struct VerificationKey {
    /// Unique in this process; never reused, so a host's cache of imported keys cannot mix two up. A key that is in the next
    /// key set too keeps its id.
    pub id: u64,
    /// What kind of key it is: no algorithm of another kind is checked with it.
    pub kind: KeyKind,
    /// The members of its JWK that make the key: `kty`, and `n` and `e`, or `crv`, `x` and `y`.
    pub members: Vec<(&'static str, String)>,
    /// The only algorithm that this key is for; `None` where the JWK does not say.
    pub algorithm: Option<Algorithm>,
}

impl VerificationKey {
    fn new(kind: KeyKind, members: Vec<(&'static str, String)>, algorithm: Option<Algorithm>) -> Rc<Self> {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        Rc::new(Self { id: NEXT_ID.fetch_add(1, Ordering::Relaxed), kind, members, algorithm })
    }

    fn rsa(n: String, e: String, algorithm: Option<Algorithm>) -> Result<Rc<Self>, &'static str> {
        let modulus = base64::decode_url(&n).ok_or("n is not base64url")?;
        let exponent = base64::decode_url(&e).ok_or("e is not base64url")?;
        let bits = bit_length(&modulus);
        if bits < limits::RSA_MIN_BITS {
            return Err("the modulus has fewer than 2048 bits");
        }
        if bits > limits::RSA_MAX_BITS {
            return Err("the modulus has more than 16384 bits");
        }
        // An even exponent is no RSA exponent, and with 1 every signature is good.
        if bit_length(&exponent) < 2 || exponent.last().is_none_or(|last| last & 1 == 0) {
            return Err("e is not a public exponent");
        }
        Ok(Self::new(KeyKind::Rsa, vec![("kty", "RSA".into()), ("n", n), ("e", e)], algorithm))
    }

    /// A key on a curve. Whether the point is on it is for the host's cryptography to say, which refuses to import one that is not.
    ///
    /// Source: RFC 7518 section 6.2.1, RFC 8037 section 2.
    fn on_curve(jwk: Raw<'_>, kty: &str, algorithm: Option<Algorithm>) -> Result<Rc<Self>, &'static str> {
        let text = |name| jwk.get(name).and_then(Raw::as_string);
        let (kind, bytes) = match (kty, text("crv").as_deref()) {
            ("EC", Some("P-256")) => (KeyKind::P256, 32),
            ("EC", Some("P-384")) => (KeyKind::P384, 48),
            ("EC", Some("P-521")) => (KeyKind::P521, 66),
            ("OKP", Some("Ed25519")) => (KeyKind::Ed25519, 32),
            _ => return Err("kty and crv are none of RSA, EC with P-256, P-384 or P-521, OKP with Ed25519"),
        };
        let mut members = vec![("kty", kty.to_owned()), ("crv", kind.as_str().to_owned())];
        let coordinates: &[&'static str] = if kty == "EC" { &["x", "y"] } else { &["x"] };
        for name in coordinates {
            let value = text(name).ok_or("x or y is missing")?;
            if base64::decode_url(&value).map(|decoded| decoded.len()) != Some(bytes) {
                return Err("x or y is not of the curve's length");
            }
            members.push((name, value));
        }
        Ok(Self::new(kind, members, algorithm))
    }

    /// Reads a JWK that signatures may be checked with.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    ///
    /// Source: RFC 7517 section 4.
    pub(crate) fn read_jwk(jwk: Raw<'_>) -> Result<Rc<Self>, &'static str> {
        let text = |name| jwk.get(name).and_then(Raw::as_string);
        let kty = text("kty").unwrap_or_default();
        if !jwk.get("use").is_none_or(|purpose| purpose.is_str("sig")) {
            return Err("use is not sig");
        }
        let is_for_verifying =
            |operations: Raw<'_>| operations.as_strings().is_some_and(|list| list.iter().any(|one| one == "verify"));
        if !jwk.get("key_ops").is_none_or(is_for_verifying) {
            return Err("key_ops does not hold verify");
        }
        if jwk.get("d").is_some() {
            return Err("it is a private key");
        }
        let algorithm = match jwk.get("alg") {
            None => None,
            Some(alg) => Some(Algorithm::read(alg).ok_or("alg is none that can be checked")?),
        };
        let key = if kty == "RSA" {
            let (Some(n), Some(e)) = (text("n"), text("e")) else { return Err("n or e is missing") };
            Self::rsa(n, e, algorithm)?
        } else {
            Self::on_curve(jwk, &kty, algorithm)?
        };
        if algorithm.is_some_and(|algorithm| algorithm.key_kind() != key.kind) {
            return Err("alg does not go with kty and crv");
        }
        Ok(key)
    }

    /// A member of the JWK.
    #[must_use]
    pub fn member(&self, name: &str) -> &str {
        self.members.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Reads a PEM key: `SubjectPublicKeyInfo` in `PUBLIC KEY` armour, or its bare base64. Line breaks of any kind may be
    /// missing, or stand as a backslash and an `n`, as environment files have it.
    ///
    /// # Errors
    ///
    /// [`PemError`]; Clerk's library takes any text for a key, and then no signature is ever good.
    ///
    /// Source: RFC 7468 section 13, RFC 5280 section 4.1.2.7, RFC 8017 appendix A.1.1.
    pub fn parse_pem(pem: &str) -> Result<Rc<Self>, PemError> {
        let text = text::replace(pem, "\\n", "\n");
        let body = match text.trim().strip_prefix("-----BEGIN PUBLIC KEY-----") {
            Some(rest) => rest.strip_suffix("-----END PUBLIC KEY-----").ok_or(PemError::Armour)?,
            None if text::contains(&text, "-----") => return Err(PemError::Armour),
            None => &text,
        };
        let der = base64::decode_forgiving(body).ok_or(PemError::Base64)?;
        let (modulus, exponent) = read_public_key(&der).ok_or(PemError::NotRsa)?;
        Self::rsa(base64::encode_url(modulus), base64::encode_url(exponent), Some(Algorithm::Rs256)).map_err(PemError::Unusable)
    }
}

/// A PEM text that is no RSA public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PemError {
    /// Other armour than `PUBLIC KEY`.
    Armour,
    /// What is between is not base64.
    Base64,
    /// What it encodes is not an RSA key.
    NotRsa,
    /// An RSA key that must not be used.
    Unusable(&'static str),
}

impl PemError {
    /// The message, as [`Display`](core::fmt::Display) has it.
    #[must_use]
    pub fn text(&self) -> &'static str {
        match self {
            Self::Armour => {
                "expected `-----BEGIN PUBLIC KEY-----` and its end; help: copy the JWT public key from the Clerk dashboard"
            }
            Self::Base64 => "the text is not base64",
            Self::NotRsa => "the text is no RSA public key",
            Self::Unusable(why) => why,
        }
    }
}

impl core::fmt::Display for PemError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for PemError {}

fn bit_length(big_endian: &[u8]) -> usize {
    let significant = big_endian.iter().skip_while(|byte| **byte == 0);
    let mut bytes = significant.clone();
    bytes.next().map_or(0, |first| 8 - first.leading_zeros() as usize + 8 * bytes.count())
}

/// Modulus and exponent of a `SubjectPublicKeyInfo` for RSA.
fn read_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    const BIT_STRING: u8 = 0x03;
    const INTEGER: u8 = 0x02;
    // SEQUENCE { OID 1.2.840.113549.1.1.1 (rsaEncryption), NULL }
    const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];
    let (info, rest) = take_der(der, SEQUENCE)?;
    let (algorithm, info) = take_der(info, SEQUENCE)?;
    let (bits, end) = take_der(info, BIT_STRING)?;
    let (key, key_end) = take_der(bits.strip_prefix(&[0])?, SEQUENCE)?;
    let (modulus, key) = take_der(key, INTEGER)?;
    let (exponent, key) = take_der(key, INTEGER)?;
    let whole = rest.is_empty() && end.is_empty() && key_end.is_empty() && key.is_empty();
    let unsigned = |integer: &'_ [u8]| integer.first().is_some_and(|first| first & 0x80 == 0);
    (whole && algorithm == RSA_ENCRYPTION && unsigned(modulus) && unsigned(exponent))
        .then(|| (modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent))
}

/// One DER value of that tag, and what is behind it.
fn take_der(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7F => (usize::from(short), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_keys_are_read_with_any_line_breaks() {
        // SubjectPublicKeyInfo of a made-up modulus of 2048 bits.
        let mut key = vec![0x30, 0x82, 0x01, 0x0A, 0x02, 0x82, 0x01, 0x01, 0x00];
        key.extend([0xC5; 256]);
        key.extend([0x02, 0x03, 0x01, 0x00, 0x01]);
        let mut der = vec![0x30, 0x82, 0x01, 0x22, 0x30, 0x0D];
        der.extend([0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00]);
        der.extend([0x03, 0x82, 0x01, 0x0F, 0x00]);
        der.extend(key);
        let base64 = ::base64::Engine::encode(&::base64::engine::general_purpose::STANDARD, &der);
        let (first, second) = base64.split_at(64);
        for pem in [
            base64.clone(),
            format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n"),
            format!("-----BEGIN PUBLIC KEY-----\\n{first}\\n{second}\\n-----END PUBLIC KEY-----\\n"),
            format!(" -----BEGIN PUBLIC KEY-----{first}\r\n  {second}-----END PUBLIC KEY-----"),
        ] {
            assert_eq!(VerificationKey::parse_pem(&pem).unwrap().member("e"), "AQAB", "{pem}");
        }
        for pem in ["", "garbage!", "-----BEGIN RSA PUBLIC KEY-----", &base64[..base64.len() - 8]] {
            assert!(VerificationKey::parse_pem(pem).is_err(), "{pem}");
        }
    }
}
