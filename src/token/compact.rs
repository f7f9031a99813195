//! Splits and decodes the JWS Compact Serialization, sizes first.

use std::{cell::Cell, rc::Rc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{ProtectedHeader, TokenError};
use crate::{
    json::{Document, Raw},
    limits,
};

/// A decoded JWS. Nothing in it is verified: see [`verify`](super::verify).
#[derive(Clone, Debug)]
pub struct CompactJws {
    token: Rc<str>,
    header: ProtectedHeader,
    payload: Document,
    signature: Vec<u8>,
    signing_input_bytes: usize,
    /// The id of the key under which the signature is known to be good; zero: of none yet.
    good_under: Cell<u64>,
}

impl CompactJws {
    /// Decodes a token: three parts of unpadded base64url, the first two holding JSON.
    ///
    /// Unlike Clerk's decoder this one refuses padding: Clerk's own test for machine JWTs does not see a padded one, so that it
    /// would pass for a session token.
    ///
    /// # Errors
    ///
    /// [`TokenError::Malformed`].
    ///
    /// Source: RFC 7515 sections 3.1 and 5.2; `decodeJwt` in `@clerk/backend`.
    pub fn decode(token: &Rc<str>) -> Result<Self, TokenError> {
        if token.len() > limits::TOKEN_BYTES {
            return Err(TokenError::Malformed("longer than any token is"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Malformed("expected three parts with a dot between"));
        };
        let header_json = URL_SAFE_NO_PAD
            .decode(header)
            .map_err(|_| TokenError::Malformed("the protected header is not unpadded base64url"))?;
        let payload_json =
            URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Malformed("the payload is not unpadded base64url"))?;
        let signing_input_bytes = header.len() + 1 + payload.len();
        let signature =
            URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Malformed("the signature is not unpadded base64url"))?;
        let header =
            Document::parse_bytes(&header_json).map_err(|_| TokenError::Malformed("the protected header is not JSON"))?;
        let payload = Document::parse_bytes(&payload_json).map_err(|_| TokenError::Malformed("the payload is not JSON"))?;
        if matches!(header, Document::Null) || matches!(payload, Document::Null) {
            return Err(TokenError::Malformed("the protected header or the payload is null"));
        }
        Ok(Self {
            token: token.clone(),
            header: ProtectedHeader::read(&header),
            payload,
            signature,
            signing_input_bytes,
            good_under: Cell::new(0),
        })
    }

    /// The token as it came.
    #[must_use]
    pub fn token(&self) -> &Rc<str> {
        &self.token
    }

    /// The protected header.
    #[must_use]
    pub fn header(&self) -> &ProtectedHeader {
        &self.header
    }

    /// A claim that nobody has verified. It may decide which way to go, never who somebody is.
    #[must_use]
    pub fn unverified(&self, claim: &str) -> Option<Raw<'_>> {
        self.payload.get(claim)
    }

    pub(super) fn payload(&self) -> &Document {
        &self.payload
    }

    pub(super) fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Whether the signature was found good under the key of that id.
    pub(super) fn is_good_under(&self, key: u64) -> bool {
        self.good_under.get() == key
    }

    pub(super) fn mark_good_under(&self, key: u64) {
        self.good_under.set(key);
    }

    pub(super) fn signing_input_bytes(&self) -> usize {
        self.signing_input_bytes
    }
}

/// Whether a text looks like a JWS: three parts of base64url letters, none empty.
///
/// Source: `JwtFormatRegExp` in `@clerk/backend`.
#[must_use]
pub fn is_jwt_format(token: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let mut parts = 0;
    token.split('.').all(|part| {
        parts += 1;
        is_part(part)
    }) && parts == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(header: &str, payload: &str, signature: &str) -> Result<CompactJws, TokenError> {
        let token = format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        CompactJws::decode(&token.into())
    }

    #[test]
    fn three_parts_of_base64url_json_are_decoded() {
        let jws = decode(r#"{"alg":"RS256","kid":"k"}"#, r#"{"sub":"user_1"}"#, "AQID").unwrap();
        assert_eq!(jws.header().kid(), Some("k"));
        assert_eq!(jws.unverified("sub").unwrap().as_str().unwrap(), "user_1");
        assert_eq!(jws.signature(), [1, 2, 3]);
        assert!(!jws.token().get(..jws.signing_input_bytes()).unwrap().ends_with('.'));
    }

    #[test]
    fn padding_null_and_leftover_bits_are_refused() {
        assert!(decode("{}", "{}", "AQ").is_ok());
        for (header, payload, signature) in [("{}", "{}", "AQ=="), ("{}", "{}", "AR"), ("null", "{}", "AQ"), ("{}", "null", "AQ")]
        {
            assert!(decode(header, payload, signature).is_err(), "{header} {payload} {signature}");
        }
    }

    #[test]
    fn a_token_past_the_limit_is_not_even_split() {
        let token: Rc<str> = ".".repeat(limits::TOKEN_BYTES + 1).into();
        assert_eq!(CompactJws::decode(&token).unwrap_err(), TokenError::Malformed("longer than any token is"));
    }

    #[test]
    fn jwt_format_is_three_full_parts() {
        assert!(is_jwt_format("a.b-_.c"));
        for text in ["a.b", "a..c", "a.b.c.d", "a.b.c=", "", "a.b.c\n"] {
            assert!(!is_jwt_format(text), "{text:?}");
        }
    }
}
