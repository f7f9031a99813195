//! JSON as `JSON.parse` reads it: text to spans, nothing built that nobody asks for.
//!
//! Clerk reads tokens with JavaScript's own parser, and tokens are the hot path, so this room has a small reader of its own:
//!
//! 1. The text is checked once, from end to end, against RFC 8259.
//! 2. Of the outermost object only the places of its members are kept; a value is decoded when it is looked at.
//! 3. Of two members with one name the last counts; a name is compared after its escapes are undone.
//! 4. Lone surrogates are let through (they read as U+FFFD), numbers beyond a double read as infinity.
//! 5. Nesting deeper than [`limits::JSON_DEPTH`](crate::limits::JSON_DEPTH) is an error. JavaScript has no such limit; nothing
//!    that Clerk signs is deep.
//!
//! Source: RFC 8259; ECMA-262 `JSON.parse`.

use std::{borrow::Cow, ops::Range};

mod reader;

use reader::{Name, Reader};

use crate::{
    number::parse_decimal,
    text::{self, ByAny, plain_in_json},
};

/// Text that is not JSON, or is nested too deeply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON: unexpected input at byte {at}")]
pub struct JsonError {
    /// Where the reader stopped.
    pub at: usize,
}

/// A checked JSON text, as far as the outermost value is of interest.
#[derive(Clone, Debug)]
pub enum Document {
    /// An object, with the places of its members.
    Object(Object),
    /// The literal `null`.
    Null,
    /// Any other value.
    Other(String),
}

impl Document {
    /// Reads a whole text.
    ///
    /// # Errors
    ///
    /// [`JsonError`] when it is not one JSON value, or too deep.
    #[inline(never)]
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        Self::of(text.to_owned())
    }

    #[inline(never)]
    fn of(text: String) -> Result<Self, JsonError> {
        let mut members = Vec::new();
        let mut reader = Reader::new(&text);
        reader.blanks();
        let is_object = reader.peek() == Some(b'{');
        let start = reader.at;
        if is_object {
            members.reserve(16);
            reader.members(|name, value| members.push(Member::new(&text, name, value)))?;
        } else {
            reader.value()?;
        }
        let end = reader.at;
        reader.blanks();
        if reader.at != text.len() {
            return Err(reader.error());
        }
        Ok(if is_object {
            Self::Object(Object { text, members })
        } else if text.get(start..end) == Some("null") {
            Self::Null
        } else {
            Self::Other(text)
        })
    }

    /// Reads bytes as a browser's `TextDecoder` hands them to `JSON.parse`: a byte order mark is dropped, and what is not UTF-8
    /// reads as U+FFFD.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_bytes(mut bytes: Vec<u8>) -> Result<Self, JsonError> {
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::of(text),
            Err(error) => Self::of(text::lossy(error.as_bytes())),
        }
    }

    /// A member of the outermost object; `None` where there is none or the value is no object.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Raw<'_>> {
        match self {
            Self::Object(object) => object.get(name),
            Self::Null | Self::Other(_) => None,
        }
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Raw<'_> {
        Raw(self.text().trim_any(b" \t\n\r"))
    }

    /// The text of the whole document.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Object(object) => &object.text,
            Self::Null => "null",
            Self::Other(text) => text,
        }
    }
}

/// An object whose members can be looked up by name. Only its own: `constructor` and its like find nothing.
#[derive(Clone, Debug)]
pub struct Object {
    text: String,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    /// The name between its quotes, escapes and all.
    name: Range<usize>,
    value: Range<usize>,
    /// [`hint_of`] the name; zero where it has escapes. A dozen claims are looked up for each decision.
    hint: u64,
}

impl Member {
    fn new(text: &str, name: Name, value: Range<usize>) -> Self {
        let hint = if name.has_escapes { 0 } else { hint_of(text.as_bytes().get(name.at.clone()).unwrap_or_default()) };
        Self { name: name.at, value, hint }
    }
}

/// The letters that a hint holds. Names of no more have the same hint only where they are the same.
const HINTED: usize = 7;

/// The first letters of a name and its length, never zero.
fn hint_of(name: &[u8]) -> u64 {
    let letters = name.iter().take(HINTED).fold(0, |hint, byte| hint << 8 | u64::from(*byte));
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX).min(0x7f);
    (0x80 | length) << 56 | letters
}

impl Object {
    /// The last member of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Raw<'_>> {
        let hint = hint_of(name.as_bytes());
        let found = |member: &Member| self.text.get(member.name.clone());
        let member = self.members.iter().rev().find(|member| {
            if member.hint == 0 {
                return found(member).is_some_and(|found| unescape(found) == name);
            }
            member.hint == hint && (name.len() <= HINTED || found(member) == Some(name))
        })?;
        self.text.get(member.value.clone()).map(Raw)
    }

    /// The text that this object was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// One value, as its text. It was checked before, so looking into it cannot fail, only find something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// The JSON text.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.0
    }

    /// The string, where it is one.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        self.0.strip_prefix('"')?.strip_suffix('"').map(unescape)
    }

    /// Whether it is a string.
    #[must_use]
    pub fn is_string(self) -> bool {
        self.0.starts_with('"')
    }

    /// The string, to be kept.
    #[must_use]
    #[inline(never)]
    pub fn as_string(self) -> Option<String> {
        self.as_str().map(Cow::into_owned)
    }

    /// Whether it is this string.
    #[must_use]
    #[inline(never)]
    pub fn is_str(self, text: &str) -> bool {
        self.as_str().is_some_and(|found| found == text)
    }

    /// The number, where it is one; infinite where a double cannot hold it.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        match self.0.bytes().next() {
            Some(b'-' | b'0'..=b'9') => parse_decimal(self.0),
            _ => None,
        }
    }

    /// Whether it is the literal `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// Whether it is the literal `true`.
    #[must_use]
    pub fn is_true(self) -> bool {
        self.0 == "true"
    }

    /// Whether JavaScript takes it for true: not `null`, `false`, zero or the empty string.
    #[must_use]
    pub fn is_truthy(self) -> bool {
        !(self.is_null() || self.0 == "false" || self.0 == "\"\"" || self.as_f64() == Some(0.0))
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// Its last member of that name, where it is an object.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Raw<'a>> {
        let mut found = None;
        self.each_member(|key, value| {
            if key == name {
                found = Some(value);
            }
        });
        found
    }

    /// Walks over the members of an object, in order, duplicates included; over nothing where it is none.
    pub fn each_member(self, mut see: impl FnMut(Cow<'a, str>, Raw<'a>)) {
        if !self.is_object() {
            return;
        }
        let text = self.0;
        let _ = Reader::new(text).members(|name, value| {
            if let (Some(name), Some(value)) = (text.get(name.at), text.get(value)) {
                see(unescape(name), Raw(value));
            }
        });
    }

    /// The elements of an array, or `None` where it is none.
    #[must_use]
    pub fn elements(self) -> Option<Vec<Raw<'a>>> {
        self.0.starts_with('[').then(|| {
            let mut found = Vec::new();
            let mut reader = Reader::new(self.0);
            let _ = reader.elements(|value| found.push(Raw(self.0.get(value).unwrap_or_default())));
            found
        })
    }

    /// All elements as strings, where it is an array of nothing but strings.
    #[must_use]
    pub fn as_strings(self) -> Option<Vec<String>> {
        let mut strings = Vec::new();
        for element in self.elements()? {
            strings.push(element.as_string()?);
        }
        Some(strings)
    }

    /// The same, where one string is a list of one.
    #[must_use]
    pub fn as_string_or_strings(self) -> Option<Vec<String>> {
        match self.as_string() {
            Some(one) => Some(vec![one]),
            None => self.as_strings(),
        }
    }

    /// The value as a tree. Numbers that JSON cannot write again become null, as in `JSON.stringify`.
    #[must_use]
    pub fn to_value(self) -> serde_json::Value {
        use serde_json::Value;
        match self.0.bytes().next() {
            Some(b'{') => {
                let mut map = serde_json::Map::new();
                self.each_member(|key, value| {
                    map.insert(key.into_owned(), value.to_value());
                });
                Value::Object(map)
            }
            Some(b'[') => Value::Array(self.elements().unwrap_or_default().into_iter().map(Raw::to_value).collect()),
            Some(b'"') => self.as_str().map_or(Value::Null, |text| Value::String(text.into_owned())),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') | None => Value::Null,
            Some(_) => match self.0.parse::<i64>() {
                Ok(integer) => Value::from(integer),
                Err(_) => self.as_f64().and_then(serde_json::Number::from_f64).map_or(Value::Null, Value::Number),
            },
        }
    }
}

/// Undoes the escapes of a checked string. Most have none, and the rest is compiled only where one has.
fn unescape(text: &str) -> Cow<'_, str> {
    if text.contains_any(b"\\") { Cow::Owned(without_escapes(text)) } else { Cow::Borrowed(text) }
}

#[inline(never)]
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find_any(b"\\") {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = escape.chars();
        chars.next();
        match chars.next() {
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let first = hex4(chars.as_str());
                skip(&mut chars, 4);
                let second = chars.as_str().strip_prefix("\\u").and_then(hex4);
                match (first, second) {
                    (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
                        let code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        skip(&mut chars, 6);
                    }
                    (Some(code), _) => out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
                    (None, _) => {}
                }
            }
            Some(other) => out.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

fn hex4(text: &str) -> Option<u32> {
    text::whole_number(text.get(..4)?, 16)
}

fn skip(chars: &mut core::str::Chars<'_>, count: usize) {
    for _ in 0..count {
        chars.next();
    }
}

/// Writes a string as a JSON string.
pub fn push_string(out: &mut String, text: &str) {
    const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
    out.push('"');
    let mut rest = text;
    // Whole runs at once: most texts have nothing to escape. What is escaped is one byte.
    loop {
        let at = plain_in_json(rest.as_bytes());
        out.push_str(rest.get(..at).unwrap_or_default());
        let Some(byte) = rest.as_bytes().get(at).copied() else { break };
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                out.push_str("\\u00");
                out.push_str(DIGITS[usize::from(control >> 4)]);
                out.push_str(DIGITS[usize::from(control & 15)]);
            }
        }
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;

    fn read(text: &str) -> Result<Document, JsonError> {
        Document::parse(text)
    }

    #[test]
    fn the_last_of_two_members_counts_whatever_its_spelling() {
        let document = read(r#" {"sub":"a","s\u0075b":"b"} "#).unwrap();
        assert_eq!(document.get("sub").unwrap().as_str().unwrap(), "b");
        assert_eq!(document.get("constructor"), None);
    }

    #[test]
    fn names_that_begin_alike_are_told_apart() {
        let names =
            ["", "a", "aa", "ab", "\u{0}", "a\u{0}", "abcdefg", "abcdefh", "abcdefgh", "abcdefgi", "abcdefghi", "é", "\\u0061b"];
        let long = ["x".repeat(126), "x".repeat(127), "x".repeat(128), "x".repeat(300)];
        let names: Vec<&str> = names.into_iter().chain(long.iter().map(String::as_str)).collect();
        let written: Vec<String> =
            names.iter().enumerate().map(|(n, name)| format!("{}:{n}", serde_json::to_string(name).unwrap())).collect();
        let document = read(&format!("{{{}}}", written.join(","))).unwrap();
        for (n, name) in names.iter().enumerate() {
            assert_eq!(document.get(name).map(Raw::text), Some(n.to_string().as_str()), "{name:?}");
        }
        for absent in ["b", "abcdef", "abcdefgj", "abcdefgh\u{0}", "\u{0}\u{0}"] {
            assert_eq!(document.get(absent), None, "{absent:?}");
        }
    }

    #[test]
    fn what_javascript_refuses_is_refused() {
        for text in [
            "",
            "{",
            "{\"a\":1,}",
            "[1,]",
            "NaN",
            "01",
            "1.",
            "-",
            "\"\u{1}\"",
            "\"\\x\"",
            "\"\\ud8\"",
            "{} {}",
            "nul",
            "[}",
            "{]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_javascript_reads_is_read() {
        for text in ["null", "0", "-0.5e-7", "1e400", "\"\\ud800\"", "[[],{}]", " [ 1 , {\"a\" : [ ] } ] ", "{}"] {
            assert!(read(text).is_ok(), "{text}");
        }
        assert_eq!(read("{\"a\":1e400}").unwrap().get("a").unwrap().as_f64(), Some(f64::INFINITY));
    }

    #[test]
    fn bytes_are_read_as_a_text_decoder_hands_them_over() {
        let parse = |bytes: &[u8]| Document::parse_bytes(bytes.to_vec()).map(|document| document.text().to_owned());
        assert_eq!(parse(b"{\"a\":1}").unwrap(), "{\"a\":1}");
        assert_eq!(parse(b"\xEF\xBB\xBF{\"a\":1}").unwrap(), "{\"a\":1}");
        assert_eq!(parse(b"\xEF\xBB\xBF\"\xFF\"").unwrap(), "\"\u{FFFD}\"");
        // Only the first is dropped, and text has none that is.
        for odd in [&b"\xEF\xBB\xBF\xEF\xBB\xBF{}"[..], b"\xEF\xBB\xBF", b"\xEF\xBB{}", b""] {
            assert!(parse(odd).is_err(), "{odd:?}");
        }
        assert!(read("\u{FEFF}{}").is_err());
    }

    #[test]
    fn surrogates_pair_up_and_lone_ones_are_replaced() {
        let document = read(r#"{"a":"\ud83d\ude00","b":"x\ud83dy","c":"\"\\\/\n"}"#).unwrap();
        assert_eq!(document.get("a").unwrap().as_str().unwrap(), "\u{1F600}");
        assert_eq!(document.get("b").unwrap().as_str().unwrap(), "x\u{FFFD}y");
        assert_eq!(document.get("c").unwrap().as_str().unwrap(), "\"\\/\n");
    }

    #[test]
    fn nesting_up_to_the_limit_is_read_and_no_deeper() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let limit = limits::JSON_DEPTH;
        assert!(read(&deep(limit)).is_ok());
        assert!(read(&deep(limit + 1)).is_err());
    }

    #[test]
    fn trees_are_those_of_serde_json() {
        let text = r#"{"a":[1,-2.5,"\u00fc",true,null,{"b":{}}],"c":9007199254740993}"#;
        let Ok(Document::Object(object)) = read(text) else { panic!("not an object") };
        assert_eq!(Raw(object.text()).to_value(), serde_json::from_str::<serde_json::Value>(text).unwrap());
    }
}
