//! Reads the `Cookie` header.

use std::borrow::Cow;

use crate::{limits, text::ByAny, web_url::percent_decode};

/// The cookies of a request, in the order in which they came.
#[derive(Debug, Default)]
pub struct Cookies<'h> {
    header: &'h str,
}

impl<'h> Cookies<'h> {
    /// Takes a `Cookie` header. What is past [`limits::COOKIE_HEADER_BYTES`] is not looked at.
    #[must_use]
    pub fn new(header: &'h str) -> Self {
        let mut end = limits::COOKIE_HEADER_BYTES.min(header.len());
        while !header.is_char_boundary(end) {
            end -= 1;
        }
        Self { header: header.get(..end).unwrap_or_default() }
    }

    /// The value of the first cookie of that name, undecoded.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&'h str> {
        let mut found = None;
        self.each(|each, value| {
            if each == name && found.is_none() {
                found = Some(value);
            }
        });
        found
    }

    /// Hands each cookie's name and value to `see`, undecoded.
    pub fn each(&self, mut see: impl FnMut(&'h str, &'h str)) {
        for pair in self.header.pieces(b";") {
            if let Some((name, value)) = pair.cut(b"=") {
                see(name.trim_any(BLANKS), value.trim_any(BLANKS));
            }
        }
    }
}

/// The value of a cookie with its percent-encoding undone; as it is where that is not possible.
///
/// Source: `decode` in the `cookie` package, which Clerk uses.
#[must_use]
pub fn decode_value(value: &str) -> Cow<'_, str> {
    if !value.contains_any(b"%") {
        return Cow::Borrowed(value);
    }
    let bytes = value.as_bytes();
    let is_escape = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    if !bytes.iter().enumerate().all(|(at, byte)| *byte != b'%' || is_escape(at)) {
        return Cow::Borrowed(value);
    }
    String::from_utf8(percent_decode(value)).map_or(Cow::Borrowed(value), Cow::Owned)
}

const BLANKS: &[u8] = b" \t";

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(header: &str) -> Vec<(String, String)> {
        let cookies = Cookies::new(header);
        let mut found = Vec::new();
        cookies.each(|name, value| found.push((name.to_owned(), decode_value(value).into_owned())));
        found
    }

    #[test]
    fn pairs_are_split_first_and_decoded_then() {
        let found = pairs("a=1; b ; c=%3B%20d=x;\te = \"f\" ; =g; h==; i=%zz; j=%ff");
        let expected = [("a", "1"), ("c", "; d=x"), ("e", "\"f\""), ("", "g"), ("h", "="), ("i", "%zz"), ("j", "%ff")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_header_past_the_limit_is_cut_between_characters() {
        let header = format!("a={}", "\u{fc}".repeat(limits::COOKIE_HEADER_BYTES));
        let cookies = Cookies::new(&header);
        assert!(cookies.header.len() <= limits::COOKIE_HEADER_BYTES);
    }
}
