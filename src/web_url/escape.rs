//! Percent-encoding: undone, and done for each part of a URL.
//!
//! Source: <https://url.spec.whatwg.org/#percent-encoded-bytes>.

/// Undoes percent-encoding; a `%` without two hexadecimal digits stays.
pub(crate) fn percent_decode(text: &str) -> Vec<u8> {
    decode(text, b'+')
}

/// The same, with what a plus stands for.
#[inline(never)]
pub(super) fn decode(text: &str, plus: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        out.push(match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes = ahead;
                high << 4 | low
            }
            (b'+', ..) => plus,
            _ => byte,
        });
    }
    out
}

pub(super) fn percent_encode(text: &str, is_escaped: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    push_percent_encoded(&mut out, text, is_escaped);
    out
}

pub(super) fn push_percent_encoded(out: &mut String, text: &str, is_escaped: fn(u8) -> bool) {
    push_escaped(out, text.as_bytes(), is_escaped);
}

/// Writes bytes, as `%XX` those that `is_escaped` names: every byte past ASCII among them. Whole runs at once, since most texts
/// have nothing to escape.
pub(crate) fn push_escaped(out: &mut String, bytes: &[u8], is_escaped: fn(u8) -> bool) {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| is_escaped(*byte)) {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(core::str::from_utf8(plain).unwrap_or_default());
        let Some((byte, tail)) = escaped.split_first() else { break };
        push_escape(out, *byte);
        rest = tail;
    }
    out.push_str(core::str::from_utf8(rest).unwrap_or_default());
}

/// Writes one byte as `%XX`, in upper case (RFC 3986 section 2.1).
pub(crate) fn push_escape(out: &mut String, byte: u8) {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    out.push('%');
    out.push(DIGITS[usize::from(byte >> 4)]);
    out.push(DIGITS[usize::from(byte & 15)]);
}

fn is_control_or_beyond(byte: u8) -> bool {
    byte <= b' ' || byte > b'~'
}

pub(super) fn is_fragment_escaped(byte: u8) -> bool {
    is_control_or_beyond(byte) || matches!(byte, b'"' | b'<' | b'>' | b'`')
}

pub(super) fn is_query_escaped(byte: u8) -> bool {
    is_control_or_beyond(byte) || matches!(byte, b'"' | b'#' | b'<' | b'>' | b'\'')
}

pub(super) fn is_path_escaped(byte: u8) -> bool {
    is_control_or_beyond(byte) || matches!(byte, b'"' | b'#' | b'<' | b'>' | b'?' | b'`' | b'{' | b'}')
}
