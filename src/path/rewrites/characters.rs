//! Rewrites of single characters: escapes, encodings, letters, white space.

use super::{
    super::{
        encoding::{escape_at, hex, is_unreserved, render, respell},
        unicode,
    },
    Part, Sink, Traits, each_part, shorten_segments,
};
use crate::{
    letter_case,
    text::{self, ByAny as _},
};

/// What of a character past ASCII the rewrites below look for.
pub(super) fn traits_of_letter(character: char) -> u32 {
    let is_combining = unicode::is_combining(character);
    [
        (unicode::compatible_ascii(character).is_some(), Traits::COMPATIBLE),
        (is_combining || unicode::base_letter(character).is_some(), Traits::MARKED),
        (is_combining, Traits::COMBINING),
        (letter_case::may_have_case(character), Traits::CASED),
        (unicode::is_invisible(character), Traits::INVISIBLE),
        (character.is_control(), Traits::CONTROL),
        (character.is_whitespace(), Traits::WHITE),
    ]
    .into_iter()
    .fold(0, |traits, (has, this)| if has { traits | this } else { traits })
}

/// `İ` in lower case is `i` and a combining dot, which a folding leaves out.
const COMBINING_DOT: char = '\u{307}';

/// Percent-decodes once: everything; everything but separators, which some routers decode per segment; unreserved bytes, as a
/// normalising proxy does.
///
/// Source: RFC 3986 section 2.4, which says once; Flask, Django and nginx decode before they route, Express and axum after.
pub(super) fn decoded(path: &str, sink: &mut Sink<'_>) {
    // Where all escapes are of one sort, these are the same.
    let [unreserved, slash, other] =
        [Traits::ESCAPED_UNRESERVED, Traits::ESCAPED_SLASH, Traits::ESCAPED_OTHER].map(|sort| sink.subject.has(sort));
    if unreserved && (slash || other) {
        sink.by_shape(&respell(path, is_unreserved));
    }
    if slash && other {
        sink.by_shape(&respell(path, |byte| !matches!(byte, b'/' | b'\\')));
    }
    sink.by_shape(&respell(path, |_| true));
}

/// Decodes `%uXXXX`; drops each `%` that begins no escape.
///
/// Source: `%u` as IIS and Jetty read it; the dropped `%` as classic ASP does.
pub(super) fn lenient_percent(path: &str, sink: &mut Sink<'_>) {
    let mut wide = String::with_capacity(path.len());
    let mut dropped = String::with_capacity(path.len());
    let mut has_wide = false;
    let mut rest = path;
    while let Some((before, from)) = rest.find_any(b"%").and_then(|at| rest.split_at_checked(at)) {
        wide.push_str(before);
        dropped.push_str(before);
        if escape_at(from.as_bytes()).is_some() {
            let (escape, tail) = from.split_at_checked(3).unwrap_or((from, ""));
            wide.push_str(escape);
            dropped.push_str(escape);
            rest = tail;
        } else if let Some(character) = wide_escape_at(from.as_bytes()) {
            has_wide = true;
            wide.push_str(&render(character.encode_utf8(&mut [0; 4]).as_bytes()));
            let (escape, tail) = from.split_at_checked(6).unwrap_or((from, ""));
            dropped.push_str(escape.trim_start_any(b"%"));
            rest = tail;
        } else {
            wide.push('%');
            rest = from.get(1..).unwrap_or_default();
        }
    }
    wide.push_str(rest);
    dropped.push_str(rest);
    if has_wide {
        sink.by_shape(&wide);
    }
    sink.by_shape(&dropped);
}

fn wide_escape_at(bytes: &[u8]) -> Option<char> {
    let [b'%', b'u' | b'U', digits @ ..] = bytes else { return None };
    let digits = digits.get(..4)?;
    let code = digits.iter().try_fold(0, |code, digit| Some(code << 4 | u32::from(hex(*digit)?)))?;
    char::from_u32(code)
}

/// Bytes that are no UTF-8: overlong forms decoded as lax decoders do, all dropped, or each taken for a Latin-1 character.
///
/// Source: RFC 3629 section 10 names the attack; Latin-1 was Tomcat's default for URLs.
pub(super) fn invalid_utf8(_path: &str, sink: &mut Sink<'_>) {
    let Err(bytes) = sink.subject.text() else { return };
    let mut lax = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        if let Some((byte, length)) = overlong_at(rest) {
            lax.push(byte);
            rest = rest.get(length..).unwrap_or_default();
        } else {
            lax.push(*first);
            rest = tail;
        }
    }
    let mut valid = String::with_capacity(bytes.len());
    let mut latin = String::with_capacity(bytes.len());
    each_part(Err(bytes), &mut |part| match part {
        Part::Ascii(text) | Part::Character(_, text) => {
            valid.push_str(text);
            latin.push_str(text);
        }
        Part::Bad(byte) => latin.push(char::from(byte)),
    });
    for read in [&lax, valid.as_bytes(), latin.as_bytes()] {
        sink.by_shape(&render(read));
    }
}

/// The ASCII byte that an overlong form at the start of `bytes` stands for, and the length of the form.
fn overlong_at(bytes: &[u8]) -> Option<(u8, usize)> {
    let length: usize = match bytes.first()? {
        0xc0 | 0xc1 => 2,
        0xe0 => 3,
        0xf0 => 4,
        0xf8 => 5,
        0xfc => 6,
        _ => return None,
    };
    let (first, rest) = bytes.get(..length)?.split_first()?;
    if !rest.iter().all(|byte| (0x80..=0xbf).contains(byte)) {
        return None;
    }
    let lead = if length == 2 { u32::from(first & 1) } else { 0 };
    let code = rest.iter().fold(lead, |code, byte| code << 6 | u32::from(byte & 0x3f));
    u8::try_from(code).ok().filter(u8::is_ascii).map(|byte| (byte, length))
}

/// Characters taken for the ASCII ones that they are compatible with, accents dropped, accents composed.
///
/// Source: Unicode UAX #15 (NFKC and NFC); the best-fit tables of Windows code pages; IDNA for the ideographic full stop.
pub(super) fn unicode_compatibility(_path: &str, sink: &mut Sink<'_>) {
    if sink.subject.has(Traits::COMPATIBLE) {
        sink.by_shape(&compatible(sink, false));
    }
    if sink.subject.has(Traits::MARKED) {
        sink.by_shape(&compatible(sink, true));
    }
    if sink.subject.has(Traits::COMBINING)
        && let Ok(text) = sink.subject.text()
    {
        sink.by_shape(&render(compose(text).as_bytes()));
    }
}

/// With ASCII for the characters that are compatible with it; bare of accents, too, or not.
fn compatible(sink: &Sink<'_>, is_bare: bool) -> String {
    let mut out = Vec::with_capacity(sink.subject.bytes().len());
    each_part(sink.subject.text(), &mut |part| match part {
        Part::Ascii(text) => out.extend_from_slice(text.as_bytes()),
        Part::Bad(byte) => out.push(byte),
        Part::Character(character, text) => match (unicode::compatible_ascii(character), unicode::base_letter(character)) {
            (Some(ascii), _) => out.extend_from_slice(ascii.as_bytes()),
            (None, Some(letter)) if is_bare => out.push(letter),
            (None, None) if is_bare && unicode::is_combining(character) => {}
            _ => out.extend_from_slice(text.as_bytes()),
        },
    });
    render(&out)
}

/// Puts combining marks and their letters together.
fn compose(text: &str) -> String {
    let mut composed = String::with_capacity(text.len());
    let mut last = None;
    for character in text.chars() {
        let both = last.and_then(|letter| unicode::compose(letter, character));
        if both.is_some() {
            composed.pop();
        }
        let character = both.unwrap_or(character);
        composed.push(character);
        last = Some(character);
    }
    composed
}

/// The characters past ASCII in lower and in upper case.
///
/// ASCII letters stay: patterns match in any case. Source: Unicode `SpecialCasing`; Java's `equalsIgnoreCase`, JavaScript's `iu`.
pub(super) fn case_folding(_path: &str, sink: &mut Sink<'_>) {
    let Ok(text) = sink.subject.text() else { return };
    let (mut lower, mut upper) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
    each_part(Ok(text), &mut |part| match part {
        Part::Character(character, _) => {
            if character != COMBINING_DOT {
                lower.push(letter_case::lower(character));
            }
            letter_case::push_upper(character, &mut upper);
        }
        Part::Ascii(text) => {
            lower.push_str(text);
            upper.push_str(text);
        }
        Part::Bad(_) => {}
    });
    for folded in [lower, upper] {
        if folded != text {
            sink.by_shape(&render(folded.as_bytes()));
        }
    }
}

/// Leaves out control characters, invisible characters, or both.
///
/// Source: WHATWG URL drops tabs and line ends; UTS #46 and identifiers after UAX #31 drop default-ignorable characters.
pub(super) fn ignored(_path: &str, sink: &mut Sink<'_>) {
    let bytes = sink.subject.bytes();
    for (sort, ignored) in [(Traits::CONTROL, char::is_control as fn(char) -> bool), (Traits::INVISIBLE, unicode::is_invisible)] {
        if !sink.subject.has(sort) {
            continue;
        }
        let mut out = Vec::with_capacity(bytes.len());
        each_part(sink.subject.text(), &mut |part| match part {
            Part::Character(character, _) if ignored(character) => {}
            Part::Character(_, text) => out.extend_from_slice(text.as_bytes()),
            // No ASCII character but controls is one of either.
            Part::Ascii(text) if sort == Traits::CONTROL => {
                out.extend(text.bytes().filter(|byte| !byte.is_ascii_control()));
            }
            Part::Ascii(text) => out.extend_from_slice(text.as_bytes()),
            Part::Bad(byte) => out.push(byte),
        });
        sink.by_shape(&render(&out));
    }
}

/// Trims white space from both ends of every segment, and from the end of the path alone.
///
/// Source: `trim` of PHP, `strip` of Python and Ruby, which routers call on paths and segments; `$` before a last line end.
pub(super) fn trimmed(_path: &str, sink: &mut Sink<'_>) {
    // Bytes that are no UTF-8 are no white space either, and `invalid_utf8` gives the path without them.
    let Ok(text) = sink.subject.text() else { return };
    let is_space = |character: char| character.is_whitespace() || character.is_control() || unicode::is_invisible(character);
    let Some(segments) = shorten_segments(text, &|segment| segment.trim_matches(is_space)) else { return };
    sink.by_shape(&render(segments.as_bytes()));
    let end = text.trim_end_matches(is_space);
    if end.len() != text.len() {
        sink.by_shape(&render(end.as_bytes()));
    }
}

/// `+` as a space.
///
/// Source: `application/x-www-form-urlencoded` decoders used on paths (PHP `urldecode`, Python `unquote_plus`).
pub(super) fn plus_as_space(path: &str, sink: &mut Sink<'_>) {
    sink.by_shape(&text::replace(path, "+", "%20"));
}
