//! Rewrites of single characters: escapes, encodings, letters, white space.

use super::{
    super::{
        encoding::{bytes_of, decode, decode_where, escape_at, hex, is_unreserved, render},
        unicode,
    },
    Sink, characters, map_segments,
};
use crate::{letter_case, text::ByAny as _};

/// Percent-decodes once: everything; everything but separators, which some routers decode per segment; unreserved bytes, as a
/// normalising proxy does.
///
/// Source: RFC 3986 section 2.4, which says once; Flask, Django and nginx decode before they route, Express and axum after.
pub(super) fn decoded(path: &str, sink: &mut Sink<'_, '_>) {
    let all = decode(path);
    let segments = decode_where(path, |byte| !matches!(byte, b'/' | b'\\'));
    let unreserved = decode_where(path, is_unreserved);
    for decoded in [unreserved, segments, all] {
        sink.by_shape(render(&decoded));
    }
}

/// Decodes `%uXXXX`; drops each `%` that begins no escape.
///
/// Source: `%u` as IIS and Jetty read it; the dropped `%` as classic ASP does.
pub(super) fn lenient_percent(path: &str, sink: &mut Sink<'_, '_>) {
    let mut wide = String::with_capacity(path.len());
    let mut dropped = String::with_capacity(path.len());
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
    sink.by_shape(wide);
    sink.by_shape(dropped);
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
pub(super) fn invalid_utf8(path: &str, sink: &mut Sink<'_, '_>) {
    let bytes = bytes_of(path);
    if core::str::from_utf8(&bytes).is_ok() {
        return;
    }
    let mut lax = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
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
    for character in characters(&bytes) {
        match character {
            Ok(character) => {
                valid.push(character);
                latin.push(character);
            }
            Err(byte) => latin.push(char::from(byte)),
        }
    }
    sink.by_shape(render(&lax));
    sink.by_shape(render(valid.as_bytes()));
    sink.by_shape(render(latin.as_bytes()));
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
pub(super) fn unicode_compatibility(path: &str, sink: &mut Sink<'_, '_>) {
    let bytes = bytes_of(path);
    let (mut compatible, mut bare) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    let mut is_compatible = true;
    let mut has_marks = false;
    for character in characters(&bytes) {
        let mut encoded = [0; 4];
        let same = match &character {
            Ok(character) => character.encode_utf8(&mut encoded).as_bytes(),
            Err(byte) => core::slice::from_ref(byte),
        };
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        if let Some(ascii) = unicode::compatible_ascii(character) {
            is_compatible = false;
            compatible.extend_from_slice(ascii.as_bytes());
            bare.extend_from_slice(ascii.as_bytes());
            continue;
        }
        compatible.extend_from_slice(same);
        match unicode::base_letter(character) {
            Some(letter) => bare.push(letter),
            None if unicode::is_combining(character) => has_marks = true,
            None => bare.extend_from_slice(same),
        }
    }
    if !is_compatible {
        sink.by_shape(render(&compatible));
    }
    if bare != compatible {
        sink.by_shape(render(&bare));
    }
    if has_marks && let Ok(text) = core::str::from_utf8(&bytes) {
        sink.by_shape(render(compose(text).as_bytes()));
    }
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
pub(super) fn case_folding(path: &str, sink: &mut Sink<'_, '_>) {
    let Ok(text) = String::from_utf8(bytes_of(path)) else { return };
    let (mut lower, mut upper) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
    for character in text.chars() {
        if character.is_ascii() {
            lower.push(character);
            upper.push(character);
        } else {
            // `İ` in lower case is `i` and a combining dot, which a folding leaves out.
            if character != '\u{307}' {
                lower.push(letter_case::lower(character));
            }
            letter_case::push_upper(character, &mut upper);
        }
    }
    for folded in [lower, upper] {
        if folded != text {
            sink.by_shape(render(folded.as_bytes()));
        }
    }
}

/// Leaves out control characters, invisible characters, or both.
///
/// Source: WHATWG URL drops tabs and line ends; UTS #46 and identifiers after UAX #31 drop default-ignorable characters.
pub(super) fn ignored(path: &str, sink: &mut Sink<'_, '_>) {
    let bytes = bytes_of(path);
    let mut leave_out = |ignored: fn(char) -> bool| {
        if !characters(&bytes).any(|character| character.is_ok_and(ignored)) {
            return;
        }
        let mut out = Vec::with_capacity(bytes.len());
        for character in characters(&bytes) {
            match character {
                Ok(character) if ignored(character) => {}
                Ok(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(byte) => out.push(byte),
            }
        }
        sink.by_shape(render(&out));
    };
    leave_out(char::is_control);
    leave_out(unicode::is_invisible);
}

/// Trims white space from both ends of every segment, and from the end of the path alone.
///
/// Source: `trim` of PHP, `strip` of Python and Ruby, which routers call on paths and segments; `$` before a last line end.
pub(super) fn trimmed(path: &str, sink: &mut Sink<'_, '_>) {
    let bytes = bytes_of(path);
    // Bytes that are no UTF-8 are no white space either, and `invalid_utf8` gives the path without them.
    let Ok(text) = core::str::from_utf8(&bytes) else { return };
    let is_space = |character: char| character.is_whitespace() || character.is_control() || unicode::is_invisible(character);
    let segments = map_segments(text, |segment| segment.trim_matches(is_space));
    let end = text.trim_end_matches(is_space);
    if segments != text {
        sink.by_shape(render(segments.as_bytes()));
    }
    if end != text {
        sink.by_shape(render(end.as_bytes()));
    }
}

/// `+` as a space.
///
/// Source: `application/x-www-form-urlencoded` decoders used on paths (PHP `urldecode`, Python `unquote_plus`).
pub(super) fn plus_as_space(path: &str, sink: &mut Sink<'_, '_>) {
    sink.by_shape(path.replace('+', "%20"));
}
