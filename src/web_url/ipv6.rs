//! IPv6 addresses in URLs, as browsers write them.
//!
//! Source: <https://url.spec.whatwg.org/#ipv6>.

use crate::text::{self, ByAny as _};

/// An IPv6 address, its longest run of zeros shortened.
pub(super) fn parse(address: &str) -> Option<String> {
    let segments = ipv6_segments(address)?;
    let mut longest = 0..0;
    let mut start = 0;
    for (at, segment) in segments.iter().enumerate() {
        if *segment != 0 {
            start = at + 1;
        } else if at + 1 - start > longest.len().max(1) {
            longest = start..at + 1;
        }
    }
    let mut out = String::from("[");
    for (at, segment) in segments.iter().enumerate() {
        if longest.contains(&at) {
            if at == longest.start {
                out.push_str(if at == 0 { "::" } else { ":" });
            }
            continue;
        }
        text::push_hex(&mut out, u32::from(*segment));
        if at < 7 {
            out.push(':');
        }
    }
    out.push(']');
    Some(out)
}

/// The eight numbers of an IPv6 address (RFC 4291 section 2.2). The standard library's parser is five times this in a Wasm module.
fn ipv6_segments(address: &str) -> Option<[u16; 8]> {
    let (head, tail) = match text::split_once(address, "::") {
        Some((head, tail)) => (head, Some(tail)),
        None => (address, None),
    };
    let mut segments = [0; 8];
    let before = read_segments(head, &mut segments, tail.is_none())?;
    let Some(tail) = tail else { return (before == 8).then_some(segments) };
    let mut last = [0; 8];
    let behind = read_segments(tail, &mut last, true)?;
    // The two colons stand for at least one zero.
    let gap = 8_usize.checked_sub(before + behind).filter(|zeros| *zeros > 0)?;
    for (to, from) in segments.iter_mut().skip(before + gap).zip(last) {
        *to = from;
    }
    Some(segments)
}

/// Reads groups of hexadecimal digits with colons between, the last two as an IPv4 address where that `may_end` it; says how many.
fn read_segments(text: &str, segments: &mut [u16; 8], may_end: bool) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut count = 0;
    let mut groups = text.pieces(b":").peekable();
    while let Some(group) = groups.next() {
        if may_end && groups.peek().is_none() && group.contains_any(b".") {
            let [a, b, c, d] = ipv4_bytes(group)?;
            *segments.get_mut(count)? = u16::from_be_bytes([a, b]);
            *segments.get_mut(count + 1)? = u16::from_be_bytes([c, d]);
            return Some(count + 2);
        }
        if group.is_empty() || group.len() > 4 {
            return None;
        }
        let digit = |value: u16, byte: u8| Some(value << 4 | u16::try_from(char::from(byte).to_digit(16)?).ok()?);
        *segments.get_mut(count)? = group.bytes().try_fold(0, digit)?;
        count += 1;
    }
    Some(count)
}

/// Four numbers with dots between, in decimal without leading zeros: the only form within an IPv6 address.
fn ipv4_bytes(text: &str) -> Option<[u8; 4]> {
    let mut bytes = [0; 4];
    let mut parts = text.pieces(b".");
    for byte in &mut bytes {
        let part = parts.next()?;
        let is_decimal =
            !part.is_empty() && (part == "0" || !part.starts_with('0')) && text::is_all(part, |byte| byte.is_ascii_digit());
        *byte = text::whole_number(part, 10).filter(|_| is_decimal).and_then(|number| u8::try_from(number).ok())?;
    }
    parts.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ipv6_addresses_are_those_of_the_standard_library(
            text in prop_oneof![
                "[0-9a-fA-F:.]{0,24}",
                "([0-9a-f]{1,5}:){0,8}:?(:[0-9a-f]{1,4}){0,8}",
                "(::|([0-9a-f]{1,4}:){1,7}:?)([0-9]{1,3}\\.){1,4}[0-9]{1,3}",
                any::<[u16; 8]>().prop_map(|segments| std::net::Ipv6Addr::from(segments).to_string()),
            ],
        ) {
            let expected = text.parse::<std::net::Ipv6Addr>().ok().map(|address| address.segments());
            prop_assert_eq!(ipv6_segments(&text), expected, "{}", text);
        }
    }
}
