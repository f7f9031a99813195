//! Percent-encoding: bytes, escapes and the one spelling that readings are kept in.
//!
//! A reading is ASCII text. Bytes that a URL path cannot hold as they are ([`must_escape`]) stand in it as `%XX` in upper case;
//! everything else stands for itself, a `?` or `#` or `\` that came out of a decoding too. So a decoding that changes nothing but
//! the spelling of `é` or of a space gives the same reading again, and is no second reading.

pub(super) use crate::web_url::{push_escape, push_escaped};

/// Whether RFC 3986 section 2.3 calls this byte unreserved: encoded or not, it means the same.
pub(super) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether a path must not hold this byte raw: the WHATWG path percent-encode set, less `?` and `#`, which end a path in a URL
/// but stand in readings for themselves.
///
/// Source: WHATWG URL, "path percent-encode set"; `^` as workerd has it.
pub(super) const fn must_escape(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | 0x7f.. | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'}')
}

/// The byte that a well-formed escape at the start of `bytes` stands for.
pub(super) fn escape_at(bytes: &[u8]) -> Option<u8> {
    escape_after_percent(bytes.strip_prefix(b"%")?)
}

/// The byte that the digits at the start of `bytes` stand for, after a `%`.
pub(super) fn escape_after_percent(bytes: &[u8]) -> Option<u8> {
    let [high, low, ..] = bytes else { return None };
    let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
    ((high | low) < 16).then_some(high << 4 | low)
}

/// The value of one hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    Some(VALUES[usize::from(digit)]).filter(|value| *value < 16)
}

/// The value of each hexadecimal digit; 255 for what is none.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value as usize] as usize] = value;
        values[b"0123456789ABCDEF"[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// Writes one byte as readings spell it.
pub(super) fn push_byte(out: &mut String, byte: u8) {
    if must_escape(byte) {
        push_escape(out, byte);
    } else {
        out.push(char::from(byte));
    }
}

/// Bytes as a reading.
pub(super) fn render(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(bytes.len() * 2);
    for byte in bytes {
        if must_escape(*byte) {
            out.extend_from_slice(&[b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        } else {
            out.push(*byte);
        }
    }
    // What stands for itself is ASCII.
    String::from_utf8(out).unwrap_or_default()
}

/// The bytes behind a reading: undoes [`render`], and no other escape.
pub(super) fn bytes_of(reading: &str) -> Vec<u8> {
    decode_where(reading, must_escape)
}

/// The bytes behind a reading after one full decoding. A `%` that begins no escape stays.
pub(super) fn decode(reading: &str) -> Vec<u8> {
    decode_where(reading, |_| true)
}

/// Decodes the escapes of those bytes that `wanted` names.
fn decode_where(reading: &str, wanted: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut rest = reading.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let [first, tail @ ..] = rest {
        rest = tail;
        let escaped = if *first == b'%' { escape_after_percent(tail).filter(|byte| wanted(*byte)) } else { None };
        if escaped.is_some() {
            rest = tail.get(2..).unwrap_or_default();
        }
        out.push(escaped.unwrap_or(*first));
    }
    out
}

/// Decodes the escapes of those bytes that `wanted` names and that a reading may hold.
pub(super) fn respell(reading: &str, wanted: fn(u8) -> bool) -> String {
    String::from_utf8(decode_where(reading, |byte| !must_escape(byte) && wanted(byte))).unwrap_or_default()
}

/// What stands between the slashes. Segments are too short for searches by words.
pub(super) fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    core::iter::from_fn(move || {
        let path = rest?;
        let Some(length) = path.bytes().position(|byte| byte == b'/') else { return rest.take() };
        rest = path.get(length + 1..);
        path.get(..length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_escapes_are_escapes() {
        assert_eq!(escape_at(b"%2f"), Some(b'/'));
        assert_eq!(escape_at(b"%2Fx"), Some(b'/'));
        for bad in [&b"%"[..], b"%2", b"%g0", b"%0g", b"2f", b""] {
            assert_eq!(escape_at(bad), None);
        }
    }

    #[test]
    fn a_decoding_leaves_a_stray_percent_where_it_is() {
        assert_eq!(decode("/%%361%"), b"/%61%");
        assert_eq!(decode("/a%2Fb%C3%A9"), "/a/b\u{e9}".as_bytes());
    }

    #[test]
    fn rendering_is_undone_by_bytes_of_and_by_nothing_more() {
        assert_eq!(render("/é x".as_bytes()), "/%C3%A9%20x");
        assert_eq!(bytes_of("/%C3%A9%20x%2F"), "/é x%2F".as_bytes());
    }
}
