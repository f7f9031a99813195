//! The gate's own keys: ES256 private keys that sign what the origin is told, and their public halves.
//!
//! A key is PKCS#8 in PEM, as `openssl genpkey` writes it, or a private JWK. The signature itself is the host's to make
//! ([`SigningRequest`](super::SigningRequest)).

use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use crate::{base64, json::Document, text};

/// A P-256 private key. Shows nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// The public point and the private scalar, base64url of 32 bytes each.
    x: String,
    y: String,
    d: String,
    kid: String,
}

impl core::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// PKCS#8 of a P-256 key up to the scalar, and what stands between that and the point (RFC 5958 section 2, RFC 5915 section 3).
const BEFORE_SCALAR: [u8; 36] = [
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
];
const BEFORE_POINT: [u8; 6] = [0xa1, 0x44, 0x03, 0x42, 0x00, 0x04];
const COORDINATE_BYTES: usize = 32;

impl SigningKey {
    /// Reads a key.
    ///
    /// # Errors
    ///
    /// What was expected, in words that do not show the key.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        // Forms and files that take one line have line breaks written out.
        let text = text::replace(text, "\\n", "\n");
        let text = text.trim();
        let [x, y, d] = if text.starts_with('{') { read_jwk(text) } else { read_pem(text) }?;
        let kid = thumbprint(&x, &y);
        Ok(Self { x, y, d, kid })
    }

    /// The key's id: its thumbprint (RFC 7638), so that it is the same wherever the key is.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, for a key set (RFC 7517, RFC 7518 section 6.2.1).
    #[must_use]
    pub fn public_jwk(&self) -> String {
        let Self { x, y, kid, .. } = self;
        let members = ["{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"", x, "\",\"y\":\"", y, "\",\"kid\":\"", kid];
        [&members.concat(), "\",\"alg\":\"ES256\",\"use\":\"sig\"}"].concat()
    }

    /// The whole key, for the host's cryptography to import and for nobody else.
    #[must_use]
    pub fn private_jwk(&self) -> String {
        let Self { x, y, d, .. } = self;
        ["{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"", x, "\",\"y\":\"", y, "\",\"d\":\"", d, "\"}"].concat()
    }

    /// The key as PKCS#8, for native cryptography.
    #[cfg(all(feature = "native", not(target_family = "wasm")))]
    pub(crate) fn to_pkcs8(&self) -> Vec<u8> {
        let [x, y, d] = [&self.x, &self.y, &self.d].map(|text| base64::decode_url(text).unwrap_or_default());
        [&BEFORE_SCALAR[..], &d, &BEFORE_POINT, &x, &y].concat()
    }
}

/// What signs and what is published.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    /// Signs.
    pub current: Rc<SigningKey>,
    /// Published beside it, while keys are changed.
    pub others: Vec<SigningKey>,
}

impl SigningKeys {
    /// The public halves as a JWK Set (RFC 7517 section 5), the one that signs first.
    #[must_use]
    pub fn public_set(&self) -> String {
        let mut set = ["{\"keys\":[", &self.current.public_jwk()].concat();
        for key in &self.others {
            set.push(',');
            set.push_str(&key.public_jwk());
        }
        set.push_str("]}");
        set
    }
}

/// SHA-256 in base64url.
pub(crate) fn digest(text: &str) -> String {
    base64::encode_url(&Sha256::digest(text.as_bytes()))
}

fn thumbprint(x: &str, y: &str) -> String {
    digest(&["{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"", x, "\",\"y\":\"", y, "\"}"].concat())
}

fn read_jwk(text: &str) -> Result<[String; 3], &'static str> {
    const EXPECTED: &str = "a private JWK with `kty` \"EC\", `crv` \"P-256\", `x`, `y` and `d`";
    let document = Document::parse(text).map_err(|_| EXPECTED)?;
    let member = |name| document.get(name).and_then(crate::json::Raw::as_str);
    if member("kty").as_deref() != Some("EC") || member("crv").as_deref() != Some("P-256") {
        return Err(EXPECTED);
    }
    let number = |name| {
        let text = member(name)?;
        let bytes = base64::decode_url(&text)?;
        (bytes.len() == COORDINATE_BYTES).then(|| text.into_owned())
    };
    Ok([number("x").ok_or(EXPECTED)?, number("y").ok_or(EXPECTED)?, number("d").ok_or(EXPECTED)?])
}

fn read_pem(text: &str) -> Result<[String; 3], &'static str> {
    const EXPECTED: &str = "a P-256 private key as a JWK, or as PKCS#8 with its public point between `-----BEGIN PRIVATE KEY-----` and \
                            `-----END PRIVATE KEY-----`, as `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` writes it";
    if text.starts_with("-----BEGIN EC PRIVATE KEY-----") {
        return Err("PKCS#8: this key is in OpenSSL's old form, which `openssl pkcs8 -topk8 -nocrypt` turns into it");
    }
    let body = text.strip_prefix("-----BEGIN PRIVATE KEY-----").and_then(|rest| rest.strip_suffix("-----END PRIVATE KEY-----"));
    let der = base64::decode_forgiving(body.ok_or(EXPECTED)?).ok_or(EXPECTED)?;
    // A P-256 key has one encoding with its point in it: no reader of ASN.1 is needed.
    let rest = der.strip_prefix(&BEFORE_SCALAR).ok_or(EXPECTED)?;
    let (d, rest) = rest.split_at_checked(COORDINATE_BYTES).ok_or(EXPECTED)?;
    let (x, y) = rest.strip_prefix(&BEFORE_POINT).and_then(|rest| rest.split_at_checked(COORDINATE_BYTES)).ok_or(EXPECTED)?;
    if y.len() != COORDINATE_BYTES {
        return Err(EXPECTED);
    }
    Ok([x, y, d].map(base64::encode_url))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key of RFC 7517 appendix A.2, as everybody has it.
    const JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"enc","kid":"1"}"#;

    fn pem(der: &[u8]) -> String {
        use ::base64::{Engine as _, engine::general_purpose::STANDARD};
        ["-----BEGIN PRIVATE KEY-----\n", &STANDARD.encode(der), "\n-----END PRIVATE KEY-----\n"].concat()
    }

    fn der(key: &SigningKey) -> Vec<u8> {
        let [x, y, d] = [&key.x, &key.y, &key.d].map(|text| base64::decode_url(text).unwrap());
        [&BEFORE_SCALAR[..], &d, &BEFORE_POINT, &x, &y].concat()
    }

    #[test]
    fn a_key_is_the_same_as_jwk_and_as_pem() {
        let key = SigningKey::parse(JWK).unwrap();
        let pem = pem(&der(&key));
        assert_eq!(SigningKey::parse(&pem).as_ref(), Ok(&key));
        assert_eq!(SigningKey::parse(&pem.replace('\n', "\\n")).as_ref(), Ok(&key));
    }

    #[test]
    fn the_private_part_is_shown_nowhere() {
        let key = SigningKey::parse(JWK).unwrap();
        let keys = SigningKeys { current: Rc::new(key.clone()), others: vec![key.clone()] };
        for shown in [format!("{keys:?}"), keys.public_set(), key.public_jwk()] {
            assert!(!shown.contains(&key.d) && shown.contains(key.kid()), "{shown}");
        }
    }

    #[test]
    fn what_is_no_p256_key_is_refused_without_showing_it() {
        let key = SigningKey::parse(JWK).unwrap();
        let whole = der(&key);
        let mut other_curve = whole.clone();
        other_curve[26] = 0x06;
        for wrong in [
            String::new(),
            "secret".into(),
            "{}".into(),
            JWK.replace("P-256", "P-384"),
            JWK.replace("\"d\"", "\"e\""),
            JWK.replace("870MB6", "870M"),
            JWK.replace("870MB6", "+70MB6"),
            pem(&whole[..67]),
            pem(&whole[..whole.len() - 1]),
            pem(&[&whole[..], &[0]].concat()),
            pem(&other_curve),
            pem(&whole).replace("PRIVATE KEY", "PUBLIC KEY"),
            pem(&whole).replace("PRIVATE KEY", "EC PRIVATE KEY"),
        ] {
            let error = SigningKey::parse(&wrong).unwrap_err();
            assert!(!error.contains("870M"), "{error}");
        }
    }
}
