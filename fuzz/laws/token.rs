//! The laws of tokens: any text is decoded or refused; two JSON texts make a token exactly when both can be read; and a token is
//! three parts of base64url, never more.
//!
//! One input is a token, or, with a line end in it, a header and a payload.

use std::rc::Rc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis::{json::Document, token::CompactJws};

/// Checks the laws on one input; gives whether it was a token.
///
/// # Panics
///
/// If one does not hold.
pub fn check(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let (token, parts) = match text.split_once('\n') {
        None => (text.into_owned(), None),
        Some((header, payload)) => {
            let token = format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
            (token, Some([header.to_owned(), payload.to_owned()]))
        }
    };
    let token: Rc<str> = token.into();
    let decoded = CompactJws::decode(&token);
    if let Some(parts) = parts {
        let is_json = |part: &String| {
            Document::parse_bytes(part.clone().into_bytes()).is_ok_and(|document| !matches!(document, Document::Null))
        };
        let fits = token.len() <= portcullis::limits::TOKEN_BYTES;
        assert_eq!(decoded.is_ok(), fits && parts.iter().all(is_json));
    }
    let Ok(decoded) = decoded else { return false };
    assert_eq!(decoded.token(), &token);
    assert_eq!(token.split('.').filter(|part| URL_SAFE_NO_PAD.decode(part).is_ok()).count(), 3);
    let header = decoded.header();
    let _ = (header.algorithm(), header.typ(), header.kid(), header.category());
    let _ = decoded.unverified("sub").map(|claim| claim.as_str().is_some());
    true
}
