//! Queries as forms write them: names and values.
//!
//! Source: <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>.

use std::borrow::Cow;

use super::escape::{decode, push_escape};
use crate::text::{self, ByAny as _, Pieces};

/// Adds a pair to a query, in form encoding.
pub(crate) fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    push_form_encoded(query, name);
    query.push('=');
    push_form_encoded(query, value);
}

fn push_form_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(byte)),
            _ => push_escape(out, byte),
        }
    }
}

/// The names and values of a query, as they are written. No [`Iterator`], whose adapters would be made anew at each place.
pub(super) struct Pairs<'a>(Pieces<'a>);

impl<'a> Pairs<'a> {
    pub(super) fn of(query: &'a str) -> Self {
        Self(query.pieces(b"&"))
    }

    #[inline(never)]
    pub(super) fn next(&mut self) -> Option<(&'a str, &'a str)> {
        loop {
            let pair = self.0.next()?;
            if !pair.is_empty() {
                return Some(split_pair(pair));
            }
        }
    }
}

fn split_pair(pair: &str) -> (&str, &str) {
    pair.cut(b"=").unwrap_or((pair, ""))
}

/// The name of a pair as PHP knows it: without the blanks before it, up to a NUL, and with `_` for what a variable's name cannot hold.
/// For everybody else it is the same name, or none that they know.
///
/// Source: `php_register_variable_ex`.
pub(crate) fn php_name(text: &str) -> Cow<'_, str> {
    if !text.contains_any(b"+%.[") {
        return Cow::Borrowed(text);
    }
    let decoded = form_decode(text);
    let name = decoded.cut(b"\0").map_or(&*decoded, |(name, _)| name).trim_start_any(b" ");
    let mut known = String::with_capacity(name.len());
    for char in name.chars() {
        known.push(if matches!(char, ' ' | '.' | '[') { '_' } else { char });
    }
    Cow::Owned(known)
}

/// Undoes form encoding; what is no UTF-8 is U+FFFD.
pub(crate) fn form_decode(text: &str) -> String {
    if !text.contains_any(b"+%") {
        return text.to_owned();
    }
    text::lossy(&decode(text, b' '))
}
