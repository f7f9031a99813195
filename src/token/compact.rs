//! Splits and decodes the JWS Compact Serialization, sizes first.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use super::{ProtectedHeader, TokenError};
use crate::{
    base64,
    json::{Document, Raw},
    limits,
    text::{self, ByAny as _},
};

/// A decoded JWS. Nothing in it is verified: see [`verify`](super::verify).
#[derive(Clone, Debug)]
pub struct CompactJws {
    token: Rc<str>,
    header: Rc<ProtectedHeader>,
    /// Where the first dot stands.
    header_bytes: usize,
    payload: Document,
    /// Until it is handed out: what is remembered needs no signature any more, and one that does can be decoded again.
    signature: RefCell<Vec<u8>>,
    signature_bytes: usize,
    signing_input_bytes: usize,
    /// The id of the key under which the signature is known to be good; zero: of none yet.
    good_under: Cell<u64>,
    /// `exp`, `nbf` and `iat`, where they were read and each is a time or absent.
    times: OnceCell<Times>,
}

/// `exp`, `nbf` and `iat`, in milliseconds.
pub(super) type Times = [Option<i64>; 3];

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
    pub fn decode(token: &Rc<str>) -> Result<Rc<Self>, TokenError> {
        Self::decode_like(token, None)
    }

    /// As [`decode`](Self::decode), beside a token that was decoded before: all tokens of a key begin with the same protected header, and
    /// where this one does too, that is read already.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    pub fn decode_like(token: &Rc<str>, other: Option<&Self>) -> Result<Rc<Self>, TokenError> {
        Self::read(token, other).map_err(TokenError::Malformed)
    }

    /// The same, with what is wrong alone.
    pub(crate) fn read(token: &Rc<str>, other: Option<&Self>) -> Result<Rc<Self>, &'static str> {
        if token.len() > limits::TOKEN_BYTES {
            return Err("longer than any token is");
        }
        let mut parts = token.pieces(b".");
        let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("expected three parts with a dot between");
        };
        let (header_bytes, signing_input_bytes) = (header.len(), header.len() + 1 + payload.len());
        let known = other.filter(|other| text::is_same(header, other.encoded_header())).map(|other| other.header.clone());
        // All of it is decoded before any of it is read.
        let header = if known.is_some() { Vec::new() } else { decode_part(header, HEADER[0])? };
        let payload = decode_part(payload, PAYLOAD[0])?;
        let signature = decode_part(signature, "the signature is not unpadded base64url")?;
        let header = match known {
            Some(known) => known,
            None => Rc::new(ProtectedHeader::read(&read_part(header, HEADER[1])?)),
        };
        let payload = read_part(payload, PAYLOAD[1])?;
        let (signature_bytes, signature) = (signature.len(), RefCell::new(signature));
        let good_under = Cell::new(0);
        let times = OnceCell::new();
        Ok(Rc::new(Self {
            token: token.clone(),
            header,
            header_bytes,
            payload,
            signature,
            signature_bytes,
            signing_input_bytes,
            good_under,
            times,
        }))
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

    fn encoded_header(&self) -> &str {
        self.token.get(..self.header_bytes).unwrap_or_default()
    }

    /// A claim that nobody has verified. It may decide which way to go, never who somebody is.
    #[must_use]
    pub fn unverified(&self, claim: &str) -> Option<Raw<'_>> {
        self.payload.get(claim)
    }

    pub(super) fn payload(&self) -> &Document {
        &self.payload
    }

    pub(super) fn times(&self) -> &OnceCell<Times> {
        &self.times
    }

    /// The signature, to be checked.
    pub(super) fn take_signature(&self) -> Vec<u8> {
        let kept = self.signature.take();
        if kept.len() == self.signature_bytes {
            return kept;
        }
        let encoded = self.token.get(self.signing_input_bytes + 1..).unwrap_or_default();
        base64::decode_url(encoded).unwrap_or_default()
    }

    pub(super) fn signature_bytes(&self) -> usize {
        self.signature_bytes
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

/// What is wrong with a part that is not base64url, and with one that is not JSON.
const HEADER: [&str; 2] = ["the protected header is not unpadded base64url", "the protected header is not JSON"];
const PAYLOAD: [&str; 2] = ["the payload is not unpadded base64url", "the payload is not JSON"];

#[inline(never)]
fn decode_part(part: &str, error: &'static str) -> Result<Vec<u8>, &'static str> {
    base64::decode_url(part).ok_or(error)
}

#[inline(never)]
fn read_part(json: Vec<u8>, error: &'static str) -> Result<Document, &'static str> {
    match Document::parse_bytes(json) {
        Ok(Document::Null) => Err("the protected header or the payload is null"),
        read => read.map_err(|_| error),
    }
}

/// Whether a text looks like a JWS: three parts of base64url letters, none empty.
///
/// Source: `JwtFormatRegExp` in `@clerk/backend`.
#[must_use]
pub fn is_jwt_format(token: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && text::is_all(part, |b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let mut parts = 0;
    token.pieces(b".").all(|part| {
        parts += 1;
        is_part(part)
    }) && parts == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(header: &str, payload: &str, signature: &str) -> Result<Rc<CompactJws>, TokenError> {
        let token = format!("{}.{}.{signature}", base64::encode_url(header.as_bytes()), base64::encode_url(payload.as_bytes()));
        CompactJws::decode(&token.into())
    }

    #[test]
    fn three_parts_of_base64url_json_are_decoded() {
        let jws = decode(r#"{"alg":"RS256","kid":"k"}"#, r#"{"sub":"user_1"}"#, "AQID").unwrap();
        assert_eq!(jws.header().kid(), Some("k"));
        assert_eq!(jws.unverified("sub").unwrap().as_str().unwrap(), "user_1");
        // As often as it is asked for: keys may change while a token is good.
        assert_eq!([jws.take_signature(), jws.take_signature()], [[1, 2, 3], [1, 2, 3]]);
        assert!(!jws.token().get(..jws.signing_input_bytes()).unwrap().ends_with('.'));
    }

    #[test]
    fn a_header_is_taken_over_only_from_a_token_that_begins_with_the_same() {
        let known = decode(r#"{"alg":"RS256","kid":"k"}"#, "{}", "AQID").unwrap();
        let like = |text: String| CompactJws::decode_like(&text.into(), Some(&known));
        let payload = base64::encode_url(br#"{"sub":"user_1"}"#);
        let same = like(format!("{}.{payload}.AQID", known.encoded_header())).unwrap();
        assert!(Rc::ptr_eq(&same.header, &known.header));
        assert_eq!(same.unverified("sub").unwrap().as_str().unwrap(), "user_1");
        for header in [r#"{"alg":"RS256","kid":"l"}"#, r#"{"alg":"none","kid":"k"}"#, "{}"] {
            let encoded = base64::encode_url(header.as_bytes());
            let other = like(format!("{encoded}.{payload}.AQID")).unwrap();
            let alone = decode(header, "{}", "AQID").unwrap();
            assert_eq!(format!("{:?}", other.header()), format!("{:?}", alone.header()), "{header}");
        }
        // Longer, shorter, another dot.
        let start = known.encoded_header();
        for token in
            [format!("{start}A.{payload}.AQID"), format!("{}.{payload}.AQID", &start[..8]), format!("{start}{payload}.AQID")]
        {
            assert!(like(token.clone()).is_err(), "{token}");
        }
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
